"""What hostile servers and proxies have tried; each test fails where its defence is taken out."""
