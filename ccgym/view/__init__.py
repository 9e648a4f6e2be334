"""Looking at episodes: the model that every viewer shows, and the viewers."""
