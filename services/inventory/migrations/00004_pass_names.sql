-- +goose Up

-- The passes are named as the code names them.
update passes set name = 'REPUBLISH_EXPIRED' where name = 'ASK_EXPIRED';
update passes set name = 'PUBLISH_LEVELS' where name = 'ANNOUNCE_LEVELS';

-- +goose Down
update passes set name = 'ASK_EXPIRED' where name = 'REPUBLISH_EXPIRED';
update passes set name = 'ANNOUNCE_LEVELS' where name = 'PUBLISH_LEVELS';
