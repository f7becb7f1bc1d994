"""c10h: does an image classifier's uncertainty look like people's?"""

__version__ = "0.1.0"
