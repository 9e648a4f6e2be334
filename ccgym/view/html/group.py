"""placeholder"""
def group_page(x): return ""
