from hypothesis import strategies as st
def program(): return st.just("@{ return 1; }")
