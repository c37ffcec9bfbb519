"""Small servers to read, to run and to copy from; `demo` starts, kills and watches them.

kv_store      the smallest useful server: a map that one process owns
rate_limiter  a server that sends itself a message once a second
ticker        the same idea alone: a clock that counts
slow_fetch    a server that lets helpers do the slow work and answer in its stead
pool          a server that lends other servers and notices who dies
"""
