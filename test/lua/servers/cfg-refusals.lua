-- Values that box.cfg refuses before there is a database.
print(pcall(box.cfg,{instance_uuid='00000000-0000-0000-0000-000000000000'}))
print(pcall(box.cfg,{replicaset_uuid='00000000-0000-0000-0000-000000000000'}))
print(pcall(box.cfg,{instance_uuid='0000'}))
for _, t in ipairs{{'memtx_memory', -1}, {'memtx_min_tuple_size', 7},  {'memtx_min_tuple_size', 1048281}, {'replication', '//guest@localhost:3301'}, {'replication_timeout', -1}, {'replication_timeout', 0}, {'replication_sync_lag', -1}, {'replication_sync_timeout', 0}, {'replication_connect_timeout', -1},  {'replication_connect_quorum', -1}, {'wal_mode', 'invalid'}, {'listen', '//!'}, {'log', ':'}, {'log', 'syslog:xxx='}, {'log_level', 'unknown'}, {'log', ':test:'}, {'log_format','xxx'},{'force_recovery',1}} do print(t[1],t[2], pcall(box.cfg,{[t[1]]=t[2]})) end
os.exit(0)
