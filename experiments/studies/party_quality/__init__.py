"""Do values order parties that differ in one quality alone?"""
