"""How close a classifier's uncertainty is to people's and to the truth."""
