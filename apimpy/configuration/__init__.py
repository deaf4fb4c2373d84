"""What a gateway serves: gateway files, APIOps folders and API descriptions, read, checked and put together."""
