/** The account of the first migration: everything belongs to it as long as nobody has made another. */
export const DEFAULT_ACCOUNT_ID = "00000000-0000-7000-8000-000000000001";
