/**
 * What a real Tarantool 2.6.0 answered to the steps of `ddl-cases.ts`, case by case: by how much the schema version
 * grew, then `ok` or the error's code and text.
 */
export const DDL_REPLIES: readonly (readonly string[])[] = [
  // row 0 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': space id 0 is reserved"],
  // row 1 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': space id is too big"],
  // row 2 of _space
  ['+1 ok', '+1 ok'],
  // row 3 of _space
  ['+1 ok', "+0 57 Space engine 'foo' does not exist"],
  // row 4 of _space
  ['+1 ok', "+0 5 Tarantool does not support non-system space with 'service' engine."],
  // row 5 of _space
  ['+1 ok', '+1 ok'],
  // row 6 of _space
  ['+1 ok', '+1 ok'],
  // row 7 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': space engine name is too long"],
  // row 8 of _space
  ['+1 ok', "+0 70 Invalid identifier 'bad\u0001' (expected printable symbols only or it is too long)"],
  // row 9 of _space
  ['+1 ok', "+0 70 Invalid identifier '' (expected printable symbols only or it is too long)"],
  // row 10 of _space
  ['+1 ok', '+0 39 Tuple field 7 required by space format is missing'],
  // row 11 of _space
  ['+1 ok', '+0 39 Tuple field 6 required by space format is missing'],
  // row 12 of _space
  ['+1 ok', '+0 23 Tuple field 6 type does not match one required by operation: expected map'],
  // row 13 of _space
  ['+1 ok', '+0 23 Tuple field 7 type does not match one required by operation: expected array'],
  // row 14 of _space
  ['+1 ok', "+0 70 Invalid identifier '' (expected printable symbols only or it is too long)"],
  // row 15 of _space
  ['+1 ok', "+0 70 Invalid identifier 'b\u0007' (expected printable symbols only or it is too long)"],
  // row 16 of _space
  ['+1 ok', "+0 70 Invalid identifier 'b ' (expected printable symbols only or it is too long)"],
  // row 17 of _space
  ['+1 ok', '+1 ok'],
  // row 18 of _space
  [
    '+1 ok',
    "+0 9 Failed to create space 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx': space name is too long",
  ],
  // row 19 of _space
  ['+1 ok', "+0 3 Duplicate key exists in unique index 'name' in space '_space'"],
  // row 20 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': exact_field_count must be either 0 or >= formatted field count"],
  // row 21 of _space
  ['+1 ok', '+1 ok'],
  // row 22 of _space
  ['+1 ok', "+0 149 Space field 'a' is duplicate"],
  // row 23 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 1 name is not specified"],
  // row 24 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 1 name is not specified"],
  // row 25 of _space
  ['+1 ok', '+1 ok'],
  // row 26 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 1 has unknown field type"],
  // row 27 of _space
  ['+1 ok', "+0 141 Wrong space format (field 1): 'type' must be enum"],
  // row 28 of _space
  ['+1 ok', '+1 ok'],
  // row 29 of _space
  ['+1 ok', "+0 141 Wrong space format (field 1): 'name' must be string"],
  // row 30 of _space
  ['+1 ok', "+0 70 Invalid identifier 'bad\u0001' (expected printable symbols only or it is too long)"],
  // row 31 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 1 is not map"],
  // row 32 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 2 format is not map with string keys"],
  // row 33 of _space
  ['+1 ok', "+0 141 Wrong space format (field 1): 'is_nullable' must be boolean"],
  // row 34 of _space
  ['+1 ok', '+0 151 Wrong collation options (field 1): collation was not found by ID'],
  // row 35 of _space
  ['+1 ok', '+1 ok'],
  // row 36 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': collation is reasonable only for string, scalar and any fields"],
  // row 37 of _space
  ['+1 ok', "+0 141 Wrong space format (field 1): 'collation' must be unsigned"],
  // row 38 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 1 has conflicting nullability and nullable action properties"],
  // row 39 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 1 has conflicting nullability and nullable action properties"],
  // row 40 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': field 1 has unknown field on conflict nullable action"],
  // row 41 of _space
  ['+1 ok', '+1 ok'],
  // row 42 of _space
  ['+1 ok', "+0 111 Wrong space options (field 5): 'temporary' must be boolean"],
  // row 43 of _space
  ['+1 ok', '+1 ok'],
  // row 44 of _space
  ['+1 ok', '+1 ok'],
  // row 45 of _space
  ['+1 ok', "+0 155 Replication group '5' does not exist"],
  // row 46 of _space
  ['+1 ok', "+0 111 Wrong space options (field 5): 'group_id' must be unsigned"],
  // row 47 of _space
  ['+1 ok', "+0 111 Wrong space options (field 5): 'group_id' must be unsigned"],
  // row 48 of _space
  ['+1 ok', '+0 163 Space declared as a view must have SQL statement'],
  // row 49 of _space
  ['+1 ok', '+1 ok'],
  // row 50 of _space
  ['+1 ok', "+0 9 Failed to create space 'b': local space can't be synchronous"],
  // row 51 of _space
  ['+1 ok', "+0 111 Wrong space options (field 5): unexpected option 'foo'"],
  // row 52 of _space
  ['+1 ok', '+1 ok'],
  // row 53 of _space
  ['+1 ok', "+0 111 Wrong space options (field 5): 'sql' must be string"],
  // row 54 of _space
  ['+1 ok', '+0 111 Wrong space options (field 5): key must be a string'],
  // row 55 of _space
  ['+1 ok', '+0 23 Tuple field 1 type does not match one required by operation: expected unsigned'],
  // row 56 of _space
  ['+1 ok', '+1 ok'],
  // row 0 of a primary index
  ['+1 ok', "+0 14 Can't create or modify index 'pk' in space 'a': primary key must be unique"],
  // row 1 of a primary index
  ['+1 ok', "+0 152 Primary index of space 'a' can not contain nullable parts"],
  // row 2 of a primary index
  ['+1 ok', "+0 14 Can't create or modify index 'pk' in space 'a': primary key cannot be multikey"],
  // row 3 of a primary index
  ['+1 ok', "+0 14 Can't create or modify index 'pk' in space 'a': primary key can not use a function"],
  // row 4 of a primary index
  ['+1 ok', '+1 ok'],
  // row 5 of a primary index
  ['+1 ok', "+0 14 Can't create or modify index 'pk' in space 'a': primary key must be unique"],
  // row 6 of a primary index
  ['+1 ok', "+0 14 Can't create or modify index 'pk' in space 'a': primary key must be unique"],
  // row 7 of a primary index
  ['+1 ok', "+0 12 Can't modify space 'a': can not add a secondary key before primary"],
  // row 0 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 106 Wrong record in _index space: got {unsigned, unsigned, string, string, map, array, unsigned}, expected {space id (unsigned), index id (unsigned), name (string), type (string), options (map), parts (array)}',
  ],
  // row 1 of an index
  ['+1 ok', '+1 ok', "+0 3 Duplicate key exists in unique index 'name' in space '_index'"],
  // row 2 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': part count must be positive"],
  // row 3 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': index id too big"],
  // row 4 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 5 of an index
  ['+1 ok', '+1 ok', "+0 70 Invalid identifier '' (expected printable symbols only or it is too long)"],
  // row 6 of an index
  ['+1 ok', '+1 ok', "+0 70 Invalid identifier 'bad\u0001' (expected printable symbols only or it is too long)"],
  // row 7 of an index
  ['+1 ok', '+1 ok', "+0 13 Unsupported index type supplied for index 'sk' in space 'a'"],
  // row 8 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 9 of an index
  [
    '+1 ok',
    '+1 ok',
    "+0 112 Index 'sk' (RTREE) of space 'a' (memtx) does not support dimension (30): must belong to range [1, 20]",
  ],
  // row 10 of an index
  [
    '+1 ok',
    '+1 ok',
    "+0 112 Index 'sk' (RTREE) of space 'a' (memtx) does not support dimension (0): must belong to range [1, 20]",
  ],
  // row 11 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 12 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': RTREE index can not be unique"],
  // row 13 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': RTREE index field type must be ARRAY"],
  // row 14 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': RTREE index key can not be multipart"],
  // row 15 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': BITSET can not be unique"],
  // row 16 of an index
  [
    '+1 ok',
    '+1 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': BITSET index field type must be NUM or STR",
  ],
  // row 17 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 18 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': HASH index must be unique"],
  // row 19 of an index
  ['+1 ok', '+1 ok', '+0 5 HASH does not support nullable parts'],
  // row 20 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': HASH index cannot be multikey"],
  // row 21 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 4): 'unique' must be boolean"],
  // row 22 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 4): unexpected option 'foo'"],
  // row 23 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 4): distance must be either 'euclid' or 'manhattan'"],
  // row 24 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 4): 'distance' must be enum"],
  // row 25 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 4): 'dimension' must be integer"],
  // row 26 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 108 Wrong index options (field 4): page_size must be greater than 0 and less than or equal to range_size',
  ],
  // row 27 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 108 Wrong index options (field 4): page_size must be greater than 0 and less than or equal to range_size',
  ],
  // row 28 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 4): run_count_per_level must be greater than 0'],
  // row 29 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 4): run_size_ratio must be greater than 1'],
  // row 30 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 4): 'run_size_ratio' must be float"],
  // row 31 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 108 Wrong index options (field 4): bloom_fpr must be greater than 0 and less than or equal to 1',
  ],
  // row 32 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 108 Wrong index options (field 4): bloom_fpr must be greater than 0 and less than or equal to 1',
  ],
  // row 33 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 34 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 4): 'func' must be unsigned"],
  // row 35 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 4): key must be a string'],
  // row 36 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 107 Wrong index parts: unknown field type; expected field1 id (number), field1 type (string), ...',
  ],
  // row 37 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 107 Wrong index parts: field id must be an integer; expected field1 id (number), field1 type (string), ...',
  ],
  // row 38 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 107 Wrong index parts: a field type is missing; expected field1 id (number), field1 type (string), ...',
  ],
  // row 39 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 107 Wrong index parts: expected a non-empty array; expected field1 id (number), field1 type (string), ...',
  ],
  // row 40 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 107 Wrong index parts: field type must be a string; expected field1 id (number), field1 type (string), ...',
  ],
  // row 41 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 107 Wrong index parts: expected an array; expected field1 id (number), field1 type (string), ...',
  ],
  // row 42 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 43 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): index part is expected to be a map'],
  // row 44 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 2): index part is expected to be a map'],
  // row 45 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): index part: unknown field type'],
  // row 46 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): index part: unknown field type'],
  // row 47 of an index
  ['+1 ok', '+1 ok', "+0 24 Field 1 has type 'unsigned' in one index, but type 'string' in another"],
  // row 48 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 1): 'field' must be unsigned"],
  // row 49 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 1): 'type' must be enum"],
  // row 50 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): invalid path'],
  // row 51 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 52 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 108 Wrong index options (field 1): no more than one array index placeholder [*] is allowed in JSON path',
  ],
  // row 53 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 2): incompatable multikey index path'],
  // row 54 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 55 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 2): incompatable multikey index path'],
  // row 56 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': same key part is indexed twice"],
  // row 57 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': same key part is indexed twice"],
  // row 58 of an index
  ['+1 ok', '+1 ok', "+0 24 Field 1 has type 'unsigned' in one index, but type 'string' in another"],
  // row 59 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 60 of an index
  ['+1 ok', '+1 ok', "+0 24 Field 1 has type 'unsigned' in one index, but type 'map' in another"],
  // row 61 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): collation was not found by ID'],
  // row 62 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 63 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 64 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): collation is reasonable only for string and scalar parts'],
  // row 65 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 1): 'collation' must be unsigned"],
  // row 66 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 108 Wrong index options (field 1): index part: conflicting nullability and nullable action properties',
  ],
  // row 67 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 108 Wrong index options (field 1): index part: conflicting nullability and nullable action properties',
  ],
  // row 68 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 69 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): index part: unknown sort order'],
  // row 70 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 71 of an index
  ['+1 ok', '+1 ok', "+0 108 Wrong index options (field 1): unexpected option 'x'"],
  // row 72 of an index
  ['+1 ok', '+1 ok', '+0 108 Wrong index options (field 1): key must be a string'],
  // row 73 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': field no is too big"],
  // row 74 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': field type 'map' is not supported"],
  // row 75 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': field type 'any' is not supported"],
  // row 76 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': field type 'any' is not supported"],
  // row 77 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 78 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 79 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 80 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': too many key parts"],
  // row 81 of an index
  ['+1 ok', '+1 ok', '+1 ok'],
  // row 82 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 200 Wrong functional index definition: key part numbers must be sequential and first part number must be 1',
  ],
  // row 83 of an index
  ['+1 ok', '+1 ok', '+0 5 Functional index does not support json paths'],
  // row 84 of an index
  [
    '+1 ok',
    '+1 ok',
    "+0 108 Wrong index options (field 0): referenced function doesn't satisfy functional index function constraints",
  ],
  // row 85 of an index
  ['+1 ok', '+1 ok', "+0 14 Can't create or modify index 'sk' in space 'a': HASH index can not use a function"],
  // row 86 of an index
  ['+1 ok', '+1 ok', "+0 3 Duplicate key exists in unique index 'primary' in space '_index'"],
  // row 87 of an index
  ['+1 ok', '+1 ok', "+0 36 Space '999' does not exist"],
  // row 88 of an index
  [
    '+1 ok',
    '+1 ok',
    "+0 14 Can't create or modify index 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' in space 'a': index name is too long",
  ],
  // row 0 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', "+0 108 Wrong index options (field 1): 'type' must be enum"],
  // row 1 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 108 Wrong index options (field 1): invalid path'],
  // row 2 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected unsigned',
  ],
  // row 3 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 108 Wrong index options (field 1): no more than one array index placeholder [*] is allowed in JSON path',
  ],
  // row 4 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 108 Wrong index options (field 2): incompatable multikey index path',
  ],
  // row 5 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected map',
  ],
  // row 6 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 108 Wrong index options (field 2): incompatable multikey index path',
  ],
  // row 7 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': same key part is indexed twice",
  ],
  // row 8 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': same key part is indexed twice",
  ],
  // row 9 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 24 Field 1 has type 'unsigned' in one index, but type 'string' in another",
  ],
  // row 10 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok'],
  // row 11 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 24 Field 1 has type 'unsigned' in one index, but type 'map' in another",
  ],
  // row 12 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 108 Wrong index options (field 1): collation was not found by ID'],
  // row 13 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 39 Tuple field 2 required by space format is missing'],
  // row 14 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 39 Tuple field 2 required by space format is missing'],
  // row 15 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 108 Wrong index options (field 1): collation is reasonable only for string and scalar parts',
  ],
  // row 16 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', "+0 108 Wrong index options (field 1): 'collation' must be unsigned"],
  // row 17 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 108 Wrong index options (field 1): index part: conflicting nullability and nullable action properties',
  ],
  // row 18 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 108 Wrong index options (field 1): index part: conflicting nullability and nullable action properties',
  ],
  // row 19 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected unsigned',
  ],
  // row 20 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 108 Wrong index options (field 1): index part: unknown sort order'],
  // row 21 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected unsigned',
  ],
  // row 22 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', "+0 108 Wrong index options (field 1): unexpected option 'x'"],
  // row 23 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 108 Wrong index options (field 1): key must be a string'],
  // row 24 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': field no is too big",
  ],
  // row 25 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': field type 'map' is not supported",
  ],
  // row 26 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': field type 'any' is not supported",
  ],
  // row 27 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': field type 'any' is not supported",
  ],
  // row 28 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected unsigned',
  ],
  // row 29 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 39 Tuple field 2 required by space format is missing'],
  // row 30 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected uuid',
  ],
  // row 31 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': too many key parts",
  ],
  // row 32 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok'],
  // row 33 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 200 Wrong functional index definition: key part numbers must be sequential and first part number must be 1',
  ],
  // row 34 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+0 5 Functional index does not support json paths'],
  // row 35 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 108 Wrong index options (field 0): referenced function doesn't satisfy functional index function constraints",
  ],
  // row 36 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'sk' in space 'a': HASH index can not use a function",
  ],
  // row 37 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'primary' in space '_index'",
  ],
  // row 38 of an index over tuples
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', "+0 36 Space '999' does not exist"],
  // row 39 of an index over tuples
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 14 Can't create or modify index 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' in space 'a': index name is too long",
  ],
  // update 0 of an empty space
  ['+1 ok', '+1 ok', "+0 12 Can't modify space 'a': can not change space engine"],
  // update 1 of an empty space
  ['+1 ok', '+1 ok', "+0 12 Can't modify space 'a': can not change space engine"],
  // update 2 of an empty space
  ['+1 ok', '+1 ok', "+0 12 Can't modify space 'a': replication group is immutable"],
  // update 3 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 4 of an empty space
  ['+1 ok', '+1 ok', "+0 12 Can't modify space 'a': can not convert a space to a view and vice versa"],
  // update 5 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 6 of an empty space
  ['+1 ok', '+1 ok', "+0 111 Wrong space options (field 5): unexpected option 'foo'"],
  // update 7 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 8 of an empty space
  ['+1 ok', '+1 ok', "+0 70 Invalid identifier '' (expected printable symbols only or it is too long)"],
  // update 9 of an empty space
  ['+1 ok', '+1 ok', "+0 3 Duplicate key exists in unique index 'name' in space '_space'"],
  // update 10 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 11 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 12 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 13 of an empty space
  ['+1 ok', '+1 ok', "+0 27 Field 1 has type 'string' in space format, but type 'unsigned' in index definition"],
  // update 14 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 15 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 16 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 17 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 18 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 19 of an empty space
  ['+1 ok', '+1 ok', "+0 149 Space field 'id' is duplicate"],
  // update 20 of an empty space
  ['+1 ok', '+1 ok', '+1 ok'],
  // update 21 of an empty space
  ['+1 ok', '+1 ok', "+0 94 Attempt to modify a tuple field which is part of index 'primary' in space '_space'"],
  // update 0 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 12 Can't modify space 'a': can not change space engine",
    '+0 ok',
    '+0 ok',
  ],
  // update 1 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 12 Can't modify space 'a': can not change space engine",
    '+0 ok',
    '+0 ok',
  ],
  // update 2 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 12 Can't modify space 'a': replication group is immutable",
    '+0 ok',
    '+0 ok',
  ],
  // update 3 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 12 Can't modify space 'a': can not switch temporary flag on a non-empty space",
    '+0 ok',
    '+0 ok',
  ],
  // update 4 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 12 Can't modify space 'a': can not convert a space to a view and vice versa",
    '+0 ok',
    '+0 ok',
  ],
  // update 5 of a space
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+0 ok', '+0 ok'],
  // update 6 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 111 Wrong space options (field 5): unexpected option 'foo'",
    '+0 ok',
    '+0 ok',
  ],
  // update 7 of a space
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+0 ok', '+0 ok'],
  // update 8 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 70 Invalid identifier '' (expected printable symbols only or it is too long)",
    '+0 ok',
    '+0 ok',
  ],
  // update 9 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'name' in space '_space'",
    '+0 ok',
    '+0 ok',
  ],
  // update 10 of a space
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+0 ok', '+0 ok'],
  // update 11 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 38 Tuple field count 3 does not match space field count 1',
    '+0 ok',
    '+0 ok',
  ],
  // update 12 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 38 Tuple field count 1 does not match space field count 3',
    '+0 ok',
    '+0 ok',
  ],
  // update 13 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 27 Field 1 has type 'string' in space format, but type 'unsigned' in index definition",
    '+0 ok',
    '+0 ok',
  ],
  // update 14 of a space
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+0 ok', '+0 ok'],
  // update 15 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected unsigned',
    '+0 ok',
    '+0 ok',
  ],
  // update 16 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 39 Tuple field 2 required by space format is missing',
    '+0 ok',
    '+0 ok',
  ],
  // update 17 of a space
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+0 ok', '+0 ok'],
  // update 18 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+0 ok',
    '+0 23 Tuple field 3 type does not match one required by operation: expected unsigned',
  ],
  // update 19 of a space
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', "+0 149 Space field 'id' is duplicate", '+0 ok', '+0 ok'],
  // update 20 of a space
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+0 ok', '+0 ok'],
  // update 21 of a space
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 94 Attempt to modify a tuple field which is part of index 'primary' in space '_space'",
    '+0 ok',
    '+0 ok',
  ],
  // change 0 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 1 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    "+0 3 Duplicate key exists in unique index 'name' in space '_index'",
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 2 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    "+0 3 Duplicate key exists in unique index 'sk' in space 'a'",
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 3 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+0 39 Tuple field 2 required by space format is missing',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 4 of an index
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+1 ok', '+0 ok', '+0 ok'],
  // change 5 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected unsigned',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 6 of an index
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+1 ok', '+0 ok', '+0 ok'],
  // change 7 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 8 of an index
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+1 ok', '+0 ok', '+0 ok'],
  // change 9 of an index
  ['+1 ok', '+1 ok', '+0 ok', '+0 ok', '+0 ok', '+1 ok', '+1 ok', '+0 ok', '+0 ok'],
  // change 10 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 11 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 12 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 13 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+0 39 Tuple field 2 required by space format is missing',
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // change 14 of an index
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    "+0 14 Can't create or modify index 'pk' in space 'a': primary key must be unique",
    '+0 ok',
    '+0 23 Tuple field 2 type does not match one required by operation: expected string',
  ],
  // row 0 of _func
  ['+0 ok'],
  // row 1 of _func
  ["+0 50 Failed to create function 'f': function id is too big"],
  // row 2 of _func
  ["+0 70 Invalid identifier '' (expected printable symbols only or it is too long)"],
  // row 3 of _func
  [
    "+0 50 Failed to create function 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx': function name is too long",
  ],
  // row 4 of _func
  ["+0 100 Unsupported language 'PYTHON' specified for function 'f'"],
  // row 5 of _func
  ['+0 ok'],
  // row 6 of _func
  ["+0 100 Unsupported language 'SQL' specified for function 'f'"],
  // row 7 of _func
  ['+0 ok'],
  // row 8 of _func
  ["+0 50 Failed to create function 'f': body and is_sandboxed options are not compatible with C language"],
  // row 9 of _func
  ["+0 50 Failed to create function 'f': body and is_sandboxed options are not compatible with C language"],
  // row 10 of _func
  ['+0 ok'],
  // row 11 of _func
  ['+0 ok'],
  // row 12 of _func
  ["+0 50 Failed to create function 'f': unsupported routine_type value"],
  // row 13 of _func
  ['+0 ok'],
  // row 14 of _func
  ["+0 50 Failed to create function 'f': invalid argument type"],
  // row 15 of _func
  ['+0 23 Tuple field 8 type does not match one required by operation: expected string'],
  // row 16 of _func
  ['+0 ok'],
  // row 17 of _func
  ["+0 50 Failed to create function 'f': invalid returns value"],
  // row 18 of _func
  ['+0 ok'],
  // row 19 of _func
  ["+0 50 Failed to create function 'f': invalid aggregate value"],
  // row 20 of _func
  ['+0 ok'],
  // row 21 of _func
  ["+0 50 Failed to create function 'f': unsupported sql_data_access value"],
  // row 22 of _func
  [
    "+0 50 Failed to create function 'f': is_sandboxed option may be set only for a persistent Lua function (one with a non-empty body)",
  ],
  // row 23 of _func
  ["+0 50 Failed to create function 'f': unsupported is_null_call value"],
  // row 24 of _func
  ["+0 50 Failed to create function 'f': invalid exports value"],
  // row 25 of _func
  ['+0 23 Tuple field 15 type does not match one required by operation: expected string'],
  // row 26 of _func
  ['+0 ok'],
  // row 27 of _func
  ["+0 111 Wrong space options (field 15): 'is_multikey' must be boolean"],
  // row 28 of _func
  ['+0 ok'],
  // row 0 of _collation
  ['+0 ok'],
  // row 1 of _collation
  ["+0 3 Duplicate key exists in unique index 'name' in space '_collation'"],
  // row 2 of _collation
  ["+0 70 Invalid identifier '' (expected printable symbols only or it is too long)"],
  // row 3 of _collation
  ['+0 150 Failed to initialize collation: unknown collation type.'],
  // row 4 of _collation
  ['+0 ok'],
  // row 5 of _collation
  ['+0 150 Failed to initialize collation: collation locale is too long.'],
  // row 6 of _collation
  ["+0 70 Invalid identifier 'bad\u0001' (expected printable symbols only or it is too long)"],
  // row 7 of _collation
  ['+0 ok'],
  // row 8 of _collation
  [
    '+0 150 Failed to initialize collation: ICU wrong strength option setting, expected PRIMARY | SECONDARY | TERTIARY | QUATERNARY | IDENTICAL.',
  ],
  // row 9 of _collation
  ["+0 151 Wrong collation options (field 5): 'strength' must be enum"],
  // row 10 of _collation
  [
    '+0 150 Failed to initialize collation: ICU wrong alternate_handling option setting, expected NON_IGNORABLE | SHIFTED.',
  ],
  // row 11 of _collation
  [
    '+0 150 Failed to initialize collation: ICU wrong case_first option setting, expected OFF | UPPER_FIRST | LOWER_FIRST.',
  ],
  // row 12 of _collation
  ['+0 150 Failed to initialize collation: ICU wrong case_level option setting, expected ON | OFF.'],
  // row 13 of _collation
  ['+0 150 Failed to initialize collation: ICU wrong normalization_mode option setting, expected ON | OFF.'],
  // row 14 of _collation
  ['+0 150 Failed to initialize collation: ICU wrong numeric_collation option setting, expected ON | OFF.'],
  // row 15 of _collation
  ['+0 150 Failed to initialize collation: ICU wrong french_collation option setting, expected ON | OFF.'],
  // row 16 of _collation
  ['+0 ok'],
  // row 17 of _collation
  ["+0 151 Wrong collation options (field 5): unexpected option 'foo'"],
  // row 18 of _collation
  ["+0 3 Duplicate key exists in unique index 'primary' in space '_collation'"],
  // row 0 of _sequence
  ['+0 ok'],
  // row 1 of _sequence
  ["+0 70 Invalid identifier '' (expected printable symbols only or it is too long)"],
  // row 2 of _sequence
  ["+0 142 Failed to create sequence 's': step option must be non-zero"],
  // row 3 of _sequence
  ["+0 142 Failed to create sequence 's': max must be greater than or equal to min"],
  // row 4 of _sequence
  ["+0 142 Failed to create sequence 's': start must be between min and max"],
  // row 5 of _sequence
  ["+0 142 Failed to create sequence 's': start must be between min and max"],
  // row 6 of _sequence
  ['+0 ok'],
  // row 7 of _sequence
  ['+0 23 Tuple field 6 type does not match one required by operation: expected integer'],
  // row 8 of _sequence
  ['+0 ok'],
  // row 9 of _sequence
  ['+0 23 Tuple field 4 type does not match one required by operation: expected integer'],
  // row 10 of _sequence
  ['+0 ok'],
  // row 11 of _sequence
  ['+0 23 Tuple field 9 type does not match one required by operation: expected boolean'],
  // indexes of engines that have none
  [
    '+1 ok',
    '+0 5 Blackhole does not support indexes',
    '+1 ok',
    '+1 ok',
    "+0 14 Can't create or modify index 'pk' in space 'b': unknown space for system view",
  ],
  // dropping in the wrong order
  [
    '+1 ok',
    '+1 ok',
    '+1 ok',
    "+0 11 Can't drop space 'a': the space has indexes",
    "+0 17 Can't drop primary key in space 'a' while secondary keys exist",
    '+1 ok',
    '+0 ok',
    '+1 ok',
    "+0 11 Can't drop space 'a': the space has truncate record",
    '+0 ok',
    '+0 ok',
    "+0 11 Can't drop space 'a': the space has grants",
    '+0 ok',
    '+1 ok',
  ],
  // system spaces
  [
    "+0 15 Can't drop the primary key in a system space, space '_space'",
    "+0 11 Can't drop space '_truncate': the space has indexes",
    "+0 137 Can't truncate a system space, space '_space'",
    "+0 36 Space '999' does not exist",
    '+0 ok',
    '+0 ok',
    "+0 173 Can't drop collation none : system collation",
    '+0 5 collation does not support alter',
    "+0 65 Can't reset replica set UUID: it is already assigned",
    '+0 64 Invalid UUID: x',
    "+0 67 Can't initialize replica id with a reserved value 0",
    '+0 73 Replica count limit reached: 32',
    '+0 64 Invalid UUID: x',
    '+0 64 Invalid UUID: 00000000-0000-0000-0000-000000000000',
    '+0 ok',
    '+0 5 Space _cluster does not support updates of instance uuid',
    '+0 ok',
    '+0 ok',
  ],
  // truncating
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'pk' in space 'a'",
    '+0 ok',
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'pk' in space 'a'",
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'pk' in space 'a'",
  ],
  // names of unique indexes and other constraints
  [
    '+1 ok',
    '+1 ok',
    '+1 ok',
    "+0 170 CHECK constraint 'ck' already exists in space 'a'",
    '+1 ok',
    "+0 170 PRIMARY KEY constraint 'pk' already exists in space 'a'",
    '+0 5 Tarantool does not support deferred ck constraints',
    "+0 100 Unsupported language 'Lua' specified for function 'other'",
    '+1 ok',
    '+0 39 Tuple field 2 required by space format is missing',
    '+1 ok',
    '+0 ok',
    '+1 ok',
    "+0 36 Space '999' does not exist",
    '+1 ok',
    '+1 ok',
    '+1 ok',
    "+0 3 Duplicate key exists in unique index 'name' in space '_index'",
  ],
  // foreign keys
  [
    '+1 ok',
    '+1 ok',
    '+1 ok',
    '+1 ok',
    "+0 167 Failed to create foreign key constraint 'fk': at least one link must be specified",
    "+0 167 Failed to create foreign key constraint 'fk': at least one link must be specified",
    "+0 167 Failed to create foreign key constraint 'fk': value of 0 link is not unsigned",
    "+0 167 Failed to create foreign key constraint 'fk': unknown MATCH clause",
    "+0 167 Failed to create foreign key constraint 'fk': unknown ON DELETE action",
    "+0 167 Failed to create foreign key constraint 'fk': unknown ON UPDATE action",
    "+0 36 Space '999' does not exist",
    "+0 36 Space '999' does not exist",
    "+0 167 Failed to create foreign key constraint 'fk': foreign key refers to nonexistent field",
    "+0 167 Failed to create foreign key constraint 'fk': field type mismatch",
    "+0 167 Failed to create foreign key constraint 'fk': field collation mismatch",
    "+0 170 PRIMARY KEY constraint 'pk' already exists in space 'b'",
    "+0 167 Failed to create foreign key constraint 'fk': referenced fields can not contain duplicates",
    '+1 ok',
    "+0 12 Can't modify space 'a': can not drop a referenced index",
    "+0 12 Can't modify space 'a': can not alter a referenced index",
    '+1 ok',
    "+0 11 Can't drop space 'b': the space has foreign key constraints",
    '+1 ok',
    '+1 ok',
    '+1 ok',
  ],
  // functions and their rows
  [
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'name' in space '_func'",
    '+0 ok',
    '+0 ok',
    '+0 5 function does not support alter',
    "+0 71 Can't drop function 1: function has grants",
    '+0 ok',
    "+0 71 Can't drop function 1: function has grants",
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    '+1 ok',
    "+0 51 Function '1001' does not exist",
    "+0 108 Wrong index options (field 0): Function ids defined in _index and _func_index don't match",
    "+0 35 No index #2 is defined in space 'a'",
    "+0 36 Space '999' does not exist",
  ],
  // sequences of spaces
  [
    '+1 ok',
    '+1 ok',
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'name' in space '_sequence'",
    '+0 ok',
    "+0 145 Sequence '99' does not exist",
    "+0 36 Space '999' does not exist",
    "+0 14 Can't create or modify index 'pk' in space 'a': sequence field must be a part of the index",
    "+0 14 Can't create or modify index 'pk' in space 'a': sequence field must be a part of the index",
    '+0 ok',
    '+0 5 space "_space_sequence" does not support update',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+0 39 Tuple field 1 required by space format is missing',
    '+0 ok',
    "+0 147 Sequence 's' has overflowed",
    "+0 145 Sequence '9' does not exist",
    '+0 23 Tuple field 2 type does not match one required by operation: expected integer',
    '+0 ok',
    "+0 3 Duplicate key exists in unique index 'pk' in space 'a'",
    '+0 ok',
    "+0 12 Can't modify space 'a': can not drop primary key while space sequence exists",
    "+0 14 Can't create or modify index 'pk' in space 'a': sequence field must be a part of the index",
    "+0 14 Can't create or modify index 'pk' in space 'a': sequence cannot be used with a non-integer key",
    "+0 144 Can't drop sequence 's': the sequence has data",
    '+0 ok',
    "+0 144 Can't drop sequence 's': the sequence is in use",
    '+0 ok',
    '+0 ok',
    '+0 ok',
    '+1 ok',
    '+1 ok',
    "+0 12 Can't modify space 'b': can not attach generated sequence",
    '+0 23 Tuple field 1 type does not match one required by operation: expected unsigned',
  ],
];
