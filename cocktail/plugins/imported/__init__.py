"""The method behind every entry whose estimates another program made; its folder is the family on the boards."""
