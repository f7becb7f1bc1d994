"""The embedded set ``synthetic``: drawn pictures of known p(y|x), and people who judge them."""
