"""What other reporting systems take: the views, described, and files of each day's figures."""
