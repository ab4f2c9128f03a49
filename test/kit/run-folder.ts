/** The variable with the folder that the files of one run of tests share; not set outside of jest. */
export const RUN_FOLDER = 'ORGKEEPER_TEST_RUN';
