"""Conversations with clients: what each request is answered with."""
