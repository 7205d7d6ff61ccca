"""From the activities topic into PostgreSQL, each activity once, with the daily figures that follow from them."""
