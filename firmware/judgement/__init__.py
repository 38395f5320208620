"""What a node concludes from readings, in integers: it knows neither chip nor clock."""
