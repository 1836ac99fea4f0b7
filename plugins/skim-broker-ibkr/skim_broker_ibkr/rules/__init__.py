"""What is to be kept when talking to TWS: pure, time is passed in."""
