-- Wanted under several names, one state of the work is stored once.
alter table checkpoints drop constraint checkpoints_blob_id_key;
create index checkpoints_blob on checkpoints (blob_id);
