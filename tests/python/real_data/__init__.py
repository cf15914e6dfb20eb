"""What the tests on real data share: building consumer projects, and counting apart from them."""
