"""What the lectures show, on the user's own model: tokens, next tokens, search, embeddings, words. No page."""
