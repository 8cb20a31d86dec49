"""Does a score track trained networks on sets that size and class share cannot tell apart?"""
