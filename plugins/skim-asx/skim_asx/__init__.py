"""What a trader on the ASX wants to know: announcements, end-of-day prices, history."""
