"""HR behind any JSON API that is read page by page: what differs from one to the next is written in the connection."""
