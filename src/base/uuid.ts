/** The uuid that nothing has: where a packet tells none, and refused where one is told. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';
