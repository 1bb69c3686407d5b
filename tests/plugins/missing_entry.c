/* A manifest, but no entry point. */
int handover_test_nothing(void);
int handover_test_nothing(void) {
    return 0;
}
