BEGIN TRANSACTION;
CREATE TABLE convlens_collection (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	store TEXT NOT NULL,
	sequence INTEGER NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);
INSERT INTO "convlens_collection" VALUES(1,'','f2ff7b38ead26533f0c6ce67a8a456eb',4);
CREATE TABLE convlens_event (
	collection INTEGER NOT NULL,
	sequence INTEGER NOT NULL,
	operation TEXT NOT NULL,
	run TEXT NOT NULL,
	path TEXT NOT NULL,
	call INTEGER NOT NULL,
	channel INTEGER NOT NULL,
	verdict TEXT,
	stars INTEGER NOT NULL,
	tags TEXT NOT NULL,
	note TEXT NOT NULL,
	author TEXT NOT NULL,
	wall_time FLOAT NOT NULL,
	step INTEGER,
	graph TEXT,
	weights TEXT,
	PRIMARY KEY (collection, sequence),
	FOREIGN KEY(collection, operation) REFERENCES convlens_operation (collection, operation)
);
INSERT INTO "convlens_event" VALUES(1,1,'6e25a94bac9c4092a0f613c62bbe20d3','train','conv1',0,2,'useless',0,'[]','flat','ann',1.79576735071515083312e+09,4,'ff0a9b7c76bad5514ed48af2f2e91b65a0bd36ab0edff439d3ef86fe1942564c',NULL);
INSERT INTO "convlens_event" VALUES(1,2,'6e25a94bac9c4092a0f613c62bbe20d3','train','conv1',0,4,'useless',0,'[]','flat','ann',1.79576735071518206595e+09,4,'ff0a9b7c76bad5514ed48af2f2e91b65a0bd36ab0edff439d3ef86fe1942564c',NULL);
INSERT INTO "convlens_event" VALUES(1,3,'e013af37db514e69b092d62ed8c3b56b','train','conv1',0,3,NULL,3,'["Kante", "edge"]','','ann',1.79576735091149687767e+09,0,'ff0a9b7c76bad5514ed48af2f2e91b65a0bd36ab0edff439d3ef86fe1942564c',NULL);
INSERT INTO "convlens_event" VALUES(1,4,'fef67427f34d405284747ac0cadd63cf','train','conv1',0,2,NULL,0,'[]','','ann',0.0,NULL,NULL,NULL);
CREATE TABLE convlens_operation (
	collection INTEGER NOT NULL,
	operation TEXT NOT NULL,
	kind TEXT NOT NULL,
	undoes TEXT,
	author TEXT NOT NULL,
	wall_time FLOAT NOT NULL,
	digest TEXT NOT NULL,
	first INTEGER NOT NULL,
	last INTEGER NOT NULL,
	PRIMARY KEY (collection, operation),
	FOREIGN KEY(collection) REFERENCES convlens_collection (id)
);
INSERT INTO "convlens_operation" VALUES(1,'6e25a94bac9c4092a0f613c62bbe20d3','mark',NULL,'ann',1.79576735083573842044e+09,'11a29cdc3ad42601418a6ae94dfb39cca4ddff5fe19f44f7293463749fa4e927',1,2);
INSERT INTO "convlens_operation" VALUES(1,'e013af37db514e69b092d62ed8c3b56b','mark',NULL,'ann',1.79576735091854763027e+09,'ea589e7c1c3a67670313a9703f282a35ceea133e043bad9bfecf9a425c0f8f32',3,3);
INSERT INTO "convlens_operation" VALUES(1,'fef67427f34d405284747ac0cadd63cf','mark',NULL,'ann',1.79576735093363595006e+09,'a8291167f5d038f99fb263bbaf2bfe76789b515b4c5d7b37381a65faeb424c25',4,4);
CREATE TABLE convlens_schema (
	version INTEGER NOT NULL,
	PRIMARY KEY (version)
);
INSERT INTO "convlens_schema" VALUES(1);
CREATE INDEX convlens_event_of_filter ON convlens_event (collection, run, path, call, channel, sequence);
COMMIT;
