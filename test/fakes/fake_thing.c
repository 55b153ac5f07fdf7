/* fake_thing.c - a library of three functions for test_library; built with THING_VERSION 1, 2, 3.
 * Version 2 lacks thing_twice, version 3 needs a library that is nowhere. */
int thing_version(void);
int thing_version(void)
{
    return THING_VERSION;
}

#if THING_VERSION != 2
int thing_twice(int x);
int thing_twice(int x)
{
    return 2 * x;
}
#endif
