"""What other systems send in their own words becomes engagement events, by mappings that people write as data."""
