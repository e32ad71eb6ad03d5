
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.categories (
    id integer NOT NULL,
    name character varying(100)
);
CREATE TABLE public.embedconsole_audits (
    id bigint NOT NULL,
    at bigint NOT NULL,
    pipeline character varying(190) NOT NULL,
    outcome text NOT NULL
);
CREATE SEQUENCE public.embedconsole_audits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_audits_id_seq OWNED BY public.embedconsole_audits.id;
CREATE TABLE public.embedconsole_batches (
    id bigint NOT NULL,
    generation_id bigint NOT NULL,
    worker_id character varying(120) NOT NULL,
    slot smallint NOT NULL,
    work smallint NOT NULL,
    stage character varying(10) NOT NULL,
    item_count integer NOT NULL,
    attempt smallint NOT NULL,
    started_at bigint NOT NULL,
    stage_at bigint NOT NULL,
    lease_until bigint NOT NULL
);
CREATE SEQUENCE public.embedconsole_batches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_batches_id_seq OWNED BY public.embedconsole_batches.id;
CREATE TABLE public.embedconsole_doubts (
    id bigint NOT NULL,
    generation_id bigint NOT NULL,
    key text NOT NULL,
    due_at bigint NOT NULL
);
CREATE SEQUENCE public.embedconsole_doubts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_doubts_id_seq OWNED BY public.embedconsole_doubts.id;
CREATE TABLE public.embedconsole_events (
    id bigint NOT NULL,
    at bigint NOT NULL,
    pipeline character varying(190),
    level character varying(10) NOT NULL,
    kind character varying(20) NOT NULL,
    key text,
    message text NOT NULL
);
CREATE SEQUENCE public.embedconsole_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_events_id_seq OWNED BY public.embedconsole_events.id;
CREATE TABLE public.embedconsole_gates (
    key character varying(190) NOT NULL,
    name character varying(190) NOT NULL,
    state character varying(10) NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    failures integer NOT NULL,
    fault text,
    holder character varying(120),
    change bigint NOT NULL
);
CREATE TABLE public.embedconsole_generations (
    id bigint NOT NULL,
    pipeline character varying(190) NOT NULL,
    collection character varying(500) NOT NULL,
    space text NOT NULL,
    watermark text,
    full_scan_at bigint,
    retired_at bigint,
    target character varying(500),
    stage character varying(10) DEFAULT 'live'::character varying NOT NULL,
    recipe text,
    deferred bigint
);
CREATE SEQUENCE public.embedconsole_generations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_generations_id_seq OWNED BY public.embedconsole_generations.id;
CREATE TABLE public.embedconsole_incidents (
    name character varying(190) NOT NULL,
    opened_at bigint NOT NULL,
    closed_at bigint,
    told smallint NOT NULL,
    due_at bigint NOT NULL,
    change bigint NOT NULL,
    text text NOT NULL
);
CREATE TABLE public.embedconsole_items (
    id bigint NOT NULL,
    generation_id bigint NOT NULL,
    point bytea NOT NULL,
    key text NOT NULL,
    source_hash bytea,
    desired_embed_hash bytea,
    desired_payload_hash bytea,
    synced_embed_hash bytea,
    synced_payload_hash bytea,
    state smallint NOT NULL,
    due_at bigint NOT NULL,
    batch_id bigint,
    attempts smallint NOT NULL,
    error_class character varying(20),
    error text,
    failed_at bigint,
    cause bytea,
    crashes smallint DEFAULT '0'::smallint NOT NULL
);
CREATE SEQUENCE public.embedconsole_items_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_items_id_seq OWNED BY public.embedconsole_items.id;
CREATE TABLE public.embedconsole_leases (
    name character varying(190) NOT NULL,
    owner character varying(120),
    term bigint NOT NULL,
    until bigint NOT NULL
);
CREATE TABLE public.embedconsole_orders (
    id bigint NOT NULL,
    at bigint NOT NULL,
    verb character varying(20) NOT NULL,
    arguments text NOT NULL,
    sender character varying(120) NOT NULL,
    taken_at bigint,
    taken_by character varying(120),
    answer text
);
CREATE SEQUENCE public.embedconsole_orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_orders_id_seq OWNED BY public.embedconsole_orders.id;
CREATE TABLE public.embedconsole_runs (
    id bigint NOT NULL,
    worker_id character varying(120) NOT NULL,
    kind character varying(20) NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint,
    outcome character varying(20),
    report text
);
CREATE SEQUENCE public.embedconsole_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_runs_id_seq OWNED BY public.embedconsole_runs.id;
CREATE TABLE public.embedconsole_samples (
    id bigint NOT NULL,
    at bigint NOT NULL,
    pipeline character varying(190) NOT NULL,
    worker_id character varying(120) NOT NULL,
    done integer NOT NULL,
    failed integer NOT NULL,
    picture text
);
CREATE SEQUENCE public.embedconsole_samples_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.embedconsole_samples_id_seq OWNED BY public.embedconsole_samples.id;
CREATE TABLE public.embedconsole_schema (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.embedconsole_vectors (
    generation_id bigint NOT NULL,
    embed_hash bytea NOT NULL,
    vector bytea NOT NULL
);
CREATE TABLE public.embedconsole_workers (
    id character varying(120) NOT NULL,
    host character varying(120) NOT NULL,
    place character varying(120) NOT NULL,
    pid integer NOT NULL,
    version character varying(40) NOT NULL,
    started_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    role character varying(20) DEFAULT ''::character varying NOT NULL,
    status text
);
CREATE TABLE public.products (
    id integer NOT NULL,
    sku character varying(40),
    title text,
    description text,
    category_id integer,
    price numeric(10,2),
    stock integer,
    image_url character varying(400),
    color character varying(40),
    size_options text,
    created_at timestamp without time zone,
    updated_at timestamp without time zone,
    deleted_at timestamp without time zone,
    needs_embedding boolean DEFAULT true NOT NULL,
    embedding_synced_at timestamp without time zone,
    embedding text
);
ALTER TABLE ONLY public.embedconsole_audits ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_audits_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_batches ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_batches_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_doubts ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_doubts_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_events ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_events_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_generations ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_generations_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_items ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_items_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_orders ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_orders_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_runs ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_runs_id_seq'::regclass);
ALTER TABLE ONLY public.embedconsole_samples ALTER COLUMN id SET DEFAULT nextval('public.embedconsole_samples_id_seq'::regclass);
INSERT INTO public.categories VALUES (1, 'Shoes');
INSERT INTO public.categories VALUES (2, 'Mugs');
INSERT INTO public.categories VALUES (3, 'Lamps');
INSERT INTO public.embedconsole_audits VALUES (1, 1796094035864, 'products', '{"drift": 0, "catalog": {"checked": true, "rows": 30, "missing": 0, "changed": 0, "gone": 0, "waiting": 0}, "collection": {"checked": true, "exists": true, "points": 28, "items": 30, "agrees": 30, "waiting": 0, "foreign": 0, "missing": 0, "stale": 0, "unlisted": 0, "orphaned": 0, "taken": 0, "examples": {}}, "schema": {"checked": true, "differences": []}, "vectors": {"checked": false, "why": "ask for it with --sample K; it costs K embeddings"}, "seconds": 0.221}');
INSERT INTO public.embedconsole_doubts VALUES (1, 3, '3', 1796094157513);
INSERT INTO public.embedconsole_doubts VALUES (2, 3, '31', 1796094157583);
INSERT INTO public.embedconsole_doubts VALUES (3, 3, '32', 1796094157583);
INSERT INTO public.embedconsole_doubts VALUES (4, 3, '33', 1796094157583);
INSERT INTO public.embedconsole_doubts VALUES (5, 3, '1', 1796094157583);
INSERT INTO public.embedconsole_doubts VALUES (6, 3, '2', 1796094157583);
INSERT INTO public.embedconsole_doubts VALUES (7, 3, '3', 1796094157717);
INSERT INTO public.embedconsole_doubts VALUES (8, 3, '1', 1796094160843);
INSERT INTO public.embedconsole_doubts VALUES (9, 3, '2', 1796094160843);
INSERT INTO public.embedconsole_doubts VALUES (10, 3, '31', 1796094160843);
INSERT INTO public.embedconsole_doubts VALUES (11, 3, '32', 1796094160843);
INSERT INTO public.embedconsole_doubts VALUES (12, 3, '33', 1796094160843);
INSERT INTO public.embedconsole_doubts VALUES (13, 3, '3', 1796094164811);
INSERT INTO public.embedconsole_doubts VALUES (14, 3, '1', 1796094172835);
INSERT INTO public.embedconsole_doubts VALUES (15, 3, '2', 1796094172835);
INSERT INTO public.embedconsole_doubts VALUES (16, 3, '31', 1796094172835);
INSERT INTO public.embedconsole_doubts VALUES (17, 3, '32', 1796094172835);
INSERT INTO public.embedconsole_doubts VALUES (18, 3, '33', 1796094172835);
INSERT INTO public.embedconsole_doubts VALUES (19, 3, '3', 1796094189176);
INSERT INTO public.embedconsole_doubts VALUES (20, 3, '1', 1796094189377);
INSERT INTO public.embedconsole_doubts VALUES (21, 3, '2', 1796094189377);
INSERT INTO public.embedconsole_doubts VALUES (22, 3, '31', 1796094189377);
INSERT INTO public.embedconsole_doubts VALUES (23, 3, '32', 1796094189377);
INSERT INTO public.embedconsole_doubts VALUES (24, 3, '33', 1796094189377);
INSERT INTO public.embedconsole_doubts VALUES (25, 3, '9', 1796094192601);
INSERT INTO public.embedconsole_doubts VALUES (26, 3, '3', 1796094192656);
INSERT INTO public.embedconsole_doubts VALUES (27, 3, '9', 1796094192980);
INSERT INTO public.embedconsole_doubts VALUES (28, 3, '1', 1796094196302);
INSERT INTO public.embedconsole_doubts VALUES (29, 3, '2', 1796094196302);
INSERT INTO public.embedconsole_doubts VALUES (30, 3, '31', 1796094196302);
INSERT INTO public.embedconsole_doubts VALUES (31, 3, '32', 1796094196302);
INSERT INTO public.embedconsole_doubts VALUES (32, 3, '33', 1796094196302);
INSERT INTO public.embedconsole_doubts VALUES (33, 3, '3', 1796094200340);
INSERT INTO public.embedconsole_doubts VALUES (34, 3, '9', 1796094208569);
INSERT INTO public.embedconsole_doubts VALUES (35, 3, '1', 1796094225728);
INSERT INTO public.embedconsole_doubts VALUES (36, 3, '2', 1796094225728);
INSERT INTO public.embedconsole_doubts VALUES (37, 3, '31', 1796094225728);
INSERT INTO public.embedconsole_doubts VALUES (38, 3, '32', 1796094225728);
INSERT INTO public.embedconsole_doubts VALUES (39, 3, '33', 1796094225728);
INSERT INTO public.embedconsole_doubts VALUES (40, 3, '9', 1796094225835);
INSERT INTO public.embedconsole_doubts VALUES (41, 3, '3', 1796094225976);
INSERT INTO public.embedconsole_events VALUES (1, 1796094022012, 'products', 'info', 'collection', NULL, 'created collection products at http://127.0.0.1:34929');
INSERT INTO public.embedconsole_events VALUES (2, 1796094022012, 'products', 'error', 'item', '7', 'refused the input (422): unreadable');
INSERT INTO public.embedconsole_events VALUES (3, 1796094022012, 'products', 'error', 'item', '8', 'refused the input (422): unreadable');
INSERT INTO public.embedconsole_events VALUES (4, 1796094025244, 'products', 'info', 'collection', NULL, 'created collection products-2 at http://127.0.0.1:34929');
INSERT INTO public.embedconsole_events VALUES (5, 1796094025244, 'products', 'error', 'item', '7', 'refused the input (422): unreadable');
INSERT INTO public.embedconsole_events VALUES (6, 1796094025244, 'products', 'error', 'item', '8', 'refused the input (422): unreadable');
INSERT INTO public.embedconsole_events VALUES (7, 1796094029862, 'products', 'info', 'collection', NULL, 'created collection products-3 at http://127.0.0.1:34929');
INSERT INTO public.embedconsole_events VALUES (8, 1796094029862, 'products', 'error', 'item', '7', 'refused the input (422): unreadable');
INSERT INTO public.embedconsole_events VALUES (9, 1796094029862, 'products', 'error', 'item', '8', 'refused the input (422): unreadable');
INSERT INTO public.embedconsole_events VALUES (10, 1796094038215, 'products', 'warning', 'transient', NULL, 'batch 10 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (11, 1796094038215, 'products', 'warning', 'transient', NULL, 'batch 11 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (12, 1796094038215, 'products', 'warning', 'transient', NULL, 'batch 12 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (13, 1796094041234, 'products', 'warning', 'transient', NULL, 'batch 13 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (14, 1796094045244, 'products', 'warning', 'transient', NULL, 'batch 14 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (15, 1796094053261, 'products', 'warning', 'transient', NULL, 'batch 15 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (16, 1796094069406, 'products', 'error', 'transient', NULL, 'stopped: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; nothing is lost, the next run goes on');
INSERT INTO public.embedconsole_events VALUES (17, 1796094072958, 'products', 'warning', 'transient', NULL, 'batch 18 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (18, 1796094072958, 'products', 'warning', 'transient', NULL, 'batch 19 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (19, 1796094072958, 'products', 'warning', 'transient', NULL, 'batch 21 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (20, 1796094077172, 'products', 'warning', 'transient', NULL, 'batch 20 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (21, 1796094081333, 'products', 'warning', 'transient', NULL, 'batch 22 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (22, 1796094089589, 'products', 'warning', 'transient', NULL, 'batch 23 given back: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; its items are tried again, none is charged');
INSERT INTO public.embedconsole_events VALUES (23, 1796094105963, 'products', 'error', 'transient', NULL, 'stopped: Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; nothing is lost, the next run goes on');
INSERT INTO public.embedconsole_gates VALUES ('collection:0a513e2f36e588e2158870af', 'collection products', 'open', 1796094072984, 1796094105956, 9, 'Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500', NULL, 26);
INSERT INTO public.embedconsole_generations VALUES (1, 'products', 'products', '{"":"http:items:"}', 'datetime:2026-01-01T12:00:31', 1796094024765, 1796094026913, 'products', 'retired', '{"vectors":{"":{"distance":"dot","embedder":"ml","fields":{"name":"title"},"size":8,"text":"{title}"}},"embedders":{"ml":{"batch_size":10,"type":"http","url":"http://127.0.0.1:34047/embed"}},"collection":{"payload":{"title":"title","price":"price","in_stock":"in_stock"},"indexes":{"title":"text","price":"float"}},"catalog":{"query":"SELECT p.id, p.sku, p.title, p.description, c.name AS category, p.price, p.stock > 0 AS in_stock,\n       p.image_url, p.color, p.size_options, p.created_at, p.updated_at\nFROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.deleted_at IS NULL","key":"id"}}', NULL);
INSERT INTO public.embedconsole_generations VALUES (3, 'products', 'products', '{"":"http:items:"}', 'datetime:2026-01-01T12:00:38', 1796094034277, NULL, 'products-3', 'live', '{"vectors":{"":{"embedder":"ml","fields":{"name":"title"},"text":"{title}\n{description}"}},"embedders":{"ml":{"batch_size":10,"type":"http","url":"http://127.0.0.1:34047/embed"}},"collection":{"payload":{"title":"title","price":"price","in_stock":"in_stock"},"indexes":{"title":"text","price":"float"}},"catalog":{"query":"SELECT p.id, p.sku, p.title, p.description, c.name AS category, p.price, p.stock > 0 AS in_stock,\n       p.image_url, p.color, p.size_options, p.created_at, p.updated_at\nFROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.deleted_at IS NULL","key":"id"}}', NULL);
INSERT INTO public.embedconsole_generations VALUES (2, 'products', 'products', '{"":"http:items:"}', 'datetime:2026-01-01T12:00:31', 1796094029056, NULL, 'products-2', 'standby', '{"vectors":{"":{"distance":"dot","embedder":"ml","fields":{"name":"title"},"size":8,"text":"{title}\n{sku}"}},"embedders":{"ml":{"batch_size":10,"type":"http","url":"http://127.0.0.1:34047/embed"}},"collection":{"payload":{"title":"title","price":"price","in_stock":"in_stock"},"indexes":{"title":"text","price":"float"}},"catalog":{"query":"SELECT p.id, p.sku, p.title, p.description, c.name AS category, p.price, p.stock > 0 AS in_stock,\n       p.image_url, p.color, p.size_options, p.created_at, p.updated_at\nFROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.deleted_at IS NULL","key":"id"}}', NULL);
INSERT INTO public.embedconsole_items VALUES (41, 2, '\x00000000000000000b', '11', '\x7c5b886fde212f02d554a23a5c17ee9f', '\x0a25c3dbd1be611366ff23abc915bd98', '\x673b2a4e1762271b577f4e6a720d474c', '\x0a25c3dbd1be611366ff23abc915bd98', '\x673b2a4e1762271b577f4e6a720d474c', 0, 1796094025180, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (42, 2, '\x00000000000000000c', '12', '\x2d5f05157c407a98e2dc005434264891', '\x9a4d6d16867172f796802a8c66ac64ab', '\x9e8026eacebcf57f2d430056a56c2d1a', '\x9a4d6d16867172f796802a8c66ac64ab', '\x9e8026eacebcf57f2d430056a56c2d1a', 0, 1796094025180, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (43, 2, '\x00000000000000000d', '13', '\x4b55b2b31d444fdd6880b69274c9247e', '\xcacd79ee44d1b4513b65cd0591c056d7', '\x16d29635e7926315f7f505f67f6fe1d1', '\xcacd79ee44d1b4513b65cd0591c056d7', '\x16d29635e7926315f7f505f67f6fe1d1', 0, 1796094025180, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (44, 2, '\x00000000000000000e', '14', '\x2baaa47f9b0a6c8c1cf9ee2160aa1458', '\x1194b9fb0a9769d4a69caab7a979d1c3', '\xa321b8e4b1c4a47848146661e27ab202', '\x1194b9fb0a9769d4a69caab7a979d1c3', '\xa321b8e4b1c4a47848146661e27ab202', 0, 1796094025180, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (45, 2, '\x00000000000000000f', '15', '\xfd372778fcd9d65e7d50c8730ac19129', '\xb0a19efbaf045f2561657cc90d69b23c', '\xfb2f7f5c35b3d045b9b7111e1c8bd2f0', '\xb0a19efbaf045f2561657cc90d69b23c', '\xfb2f7f5c35b3d045b9b7111e1c8bd2f0', 0, 1796094025180, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (46, 2, '\x000000000000000010', '16', '\x9d717b259beb87e561910c0ff9267ed5', '\x7357f439329332494b9344ac5831f876', '\x7885705dd88f006ef1a574779ef1d9cf', '\x7357f439329332494b9344ac5831f876', '\x7885705dd88f006ef1a574779ef1d9cf', 0, 1796094025180, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (47, 2, '\x000000000000000011', '17', '\x6e83e540892527b0b5f4cadc587b5f49', '\xdfe52e4f49a4ea362b4dde9dca3db172', '\xb69e339f076badc593e06b92f43342d3', '\xdfe52e4f49a4ea362b4dde9dca3db172', '\xb69e339f076badc593e06b92f43342d3', 0, 1796094025184, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (48, 2, '\x000000000000000012', '18', '\x03e6a5039255c18061441f4255ee75a3', '\x7d57fb1871ecf65eb54887101fcd9a5c', '\xafeb125c193576c7fce8de3eac341f6e', '\x7d57fb1871ecf65eb54887101fcd9a5c', '\xafeb125c193576c7fce8de3eac341f6e', 0, 1796094025184, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (49, 2, '\x000000000000000013', '19', '\x051c3c66e94d5327ab90ea3d3b8dcca9', '\x890f5463cbe0ac8973a7cadea7b7956a', '\x5558621654dd8fbc6e542949a6a06bb9', '\x890f5463cbe0ac8973a7cadea7b7956a', '\x5558621654dd8fbc6e542949a6a06bb9', 0, 1796094025184, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (31, 2, '\x000000000000000001', '1', '\x72f3477e4acf2c45c47caf1b750374a5', '\x56b8ee70aaa89f0053ff3e37dd38ada3', '\x8f2465bab33dad8b41d140e6d3d59bcb', '\x56b8ee70aaa89f0053ff3e37dd38ada3', '\x8f2465bab33dad8b41d140e6d3d59bcb', 0, 1796094025189, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (32, 2, '\x000000000000000002', '2', '\x5c23294dbec9ba98e349fb63b1af6a9d', '\x1c4b4f3fb402b591f9500ccde4135036', '\xecae41f660e3ca57c57d23f9f76ed63e', '\x1c4b4f3fb402b591f9500ccde4135036', '\xecae41f660e3ca57c57d23f9f76ed63e', 0, 1796094025189, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (33, 2, '\x000000000000000003', '3', '\xbb317082b770fb026ccbf098c573603a', '\x6efc79dcf99fb09a6cc5883bf0ca7862', '\xbfd8a25451c9a2c30331cf258343a296', '\x6efc79dcf99fb09a6cc5883bf0ca7862', '\xbfd8a25451c9a2c30331cf258343a296', 0, 1796094025189, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (34, 2, '\x000000000000000004', '4', '\x6a57d858ee5ed0ed51506ec5591af672', '\x3d506da7c98dda7862bdeb6f41113585', '\xbfc3717787ab424dc0ec065f02e95ac3', '\x3d506da7c98dda7862bdeb6f41113585', '\xbfc3717787ab424dc0ec065f02e95ac3', 0, 1796094025189, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (35, 2, '\x000000000000000005', '5', '\x3f9b4be5f661e623faea8a46a0a08c3d', '\xdfeacef8524f3b206eccd4f66e2c44e6', '\x76bb2479a728a66c8fba7122b971695d', '\xdfeacef8524f3b206eccd4f66e2c44e6', '\x76bb2479a728a66c8fba7122b971695d', 0, 1796094025189, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (36, 2, '\x000000000000000006', '6', '\x1abdae1f685f4be34b54f1104db3f40c', '\x8534ff6a9ae69b895f13ceebf533a25c', '\xc9facac7e8bb634fc4b5439927a69789', '\x8534ff6a9ae69b895f13ceebf533a25c', '\xc9facac7e8bb634fc4b5439927a69789', 0, 1796094025189, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (39, 2, '\x000000000000000009', '9', '\x28e028f5727c456ae8140117c38cc583', '\x0646ee8b9f3f90696acc1e7a5b6cf805', '\x0c727b16a03d3279955f562b14ef6c74', '\x0646ee8b9f3f90696acc1e7a5b6cf805', '\x0c727b16a03d3279955f562b14ef6c74', 0, 1796094025190, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (40, 2, '\x00000000000000000a', '10', '\x85f9c57f3e37b0407e25757970316964', '\x09fa0becf8273fc59276f8b417c8306d', '\x8398e16f34fd5989f947d52420c387a9', '\x09fa0becf8273fc59276f8b417c8306d', '\x8398e16f34fd5989f947d52420c387a9', 0, 1796094025190, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (37, 2, '\x000000000000000007', '7', '\xf938709176c5d277d90a700c506d2b7c', '\x4a5c3c259c406342696bf5dd56dd82e0', '\xd16f4f1dbf0460be521f2d0f825f9dfa', NULL, NULL, 4, 1796094025197, NULL, 1, 'item', 'refused the input (422): unreadable', 1796094025197, '\x6ca237aa4cdf7b89', 0);
INSERT INTO public.embedconsole_items VALUES (38, 2, '\x000000000000000008', '8', '\x754ab673ca463eaa8c6e2e56ec7199af', '\x39e07f4035954de499b503fc077383ea', '\x7ed9427f780cfb364bd0436c200d742d', NULL, NULL, 4, 1796094025198, NULL, 1, 'item', 'refused the input (422): unreadable', 1796094025198, '\x6ca237aa4cdf7b89', 0);
INSERT INTO public.embedconsole_items VALUES (50, 2, '\x000000000000000014', '20', '\x79bac3887f534340f7d007204b68fcf7', '\x35a35e08da415da8aea2357ec11786e0', '\x836d8a6ec2bb3c311a080f442bd13f66', '\x35a35e08da415da8aea2357ec11786e0', '\x836d8a6ec2bb3c311a080f442bd13f66', 0, 1796094025184, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (51, 2, '\x000000000000000015', '21', '\x2cfbffc7d0ff12b91d0b447aebfe175f', '\x69835d1a972e9ef90384e81ec0e88e86', '\x620fcaec4f6a2dc8041159436d17d84d', '\x69835d1a972e9ef90384e81ec0e88e86', '\x620fcaec4f6a2dc8041159436d17d84d', 0, 1796094025195, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (52, 2, '\x000000000000000016', '22', '\xa37cf5256abbddcb8929e8d6e2a4fece', '\x263a165f385fd586814278783408112b', '\x71fb823d6e838fb698a2beac4cb6cd0e', '\x263a165f385fd586814278783408112b', '\x71fb823d6e838fb698a2beac4cb6cd0e', 0, 1796094025196, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (53, 2, '\x000000000000000017', '23', '\x9989933091e78158b5b93677ab56080b', '\x1bed09220897c940548092bc61a8cfef', '\x9b1a826a3b25ee0f95c2aba19f2693bc', '\x1bed09220897c940548092bc61a8cfef', '\x9b1a826a3b25ee0f95c2aba19f2693bc', 0, 1796094025196, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (54, 2, '\x000000000000000018', '24', '\xfc71d1cdee4c762313658141a17acfe6', '\xd4edc7272234a42908d1aca152c7bd87', '\x6cc9f59c3ac41bb2cbcf555f60902f3f', '\xd4edc7272234a42908d1aca152c7bd87', '\x6cc9f59c3ac41bb2cbcf555f60902f3f', 0, 1796094025197, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (55, 2, '\x000000000000000019', '25', '\xe82c8ff0e2da7f543932b08346a93ed0', '\xd0a04f6223e51007c3c033c38867d1b5', '\xfa398d0465a8619374958e3e31cad250', '\xd0a04f6223e51007c3c033c38867d1b5', '\xfa398d0465a8619374958e3e31cad250', 0, 1796094025197, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (56, 2, '\x00000000000000001a', '26', '\x515aab3b76c24514db1e8fb3b1fcf17a', '\xd1e75eddae6bde8f1dfe8bdc8e2fbb50', '\x6540557b41025d44a726d446a176b496', '\xd1e75eddae6bde8f1dfe8bdc8e2fbb50', '\x6540557b41025d44a726d446a176b496', 0, 1796094025197, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (57, 2, '\x00000000000000001b', '27', '\xfbfba5e50d27ed4b9cfa1be9d74baabf', '\x04ca8cd44704311bc91e57439bdc4dab', '\xa6e4e3671010925039cb0f5aed62d0fe', '\x04ca8cd44704311bc91e57439bdc4dab', '\xa6e4e3671010925039cb0f5aed62d0fe', 0, 1796094025197, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (58, 2, '\x00000000000000001c', '28', '\x7e97c429d5bd1d3a08d6c91bdf93a53a', '\xaeec2e257f454a43b580686f34e4ce14', '\x99f349cb297a5a70a60ecba6ad3b9949', '\xaeec2e257f454a43b580686f34e4ce14', '\x99f349cb297a5a70a60ecba6ad3b9949', 0, 1796094025197, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (59, 2, '\x00000000000000001d', '29', '\x4d741a7418db14483e12a3d677ba7d3d', '\x0201db95e8523a9041f8e3aaa07cbc42', '\xd0f2c1f88d86c0a85629399a805d2e08', '\x0201db95e8523a9041f8e3aaa07cbc42', '\xd0f2c1f88d86c0a85629399a805d2e08', 0, 1796094025197, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (60, 2, '\x00000000000000001e', '30', '\x62fdcfdc44ea48a048b792baaab3c4e2', '\x5bd745bdc4a5bdae4bce089879b256b7', '\x4b466b72e4e05da22f9def18b342f2c2', '\x5bd745bdc4a5bdae4bce089879b256b7', '\x4b466b72e4e05da22f9def18b342f2c2', 0, 1796094025197, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (64, 3, '\x000000000000000004', '4', '\x2b636d4afb8ed71d0ea5d92eac158e2d', '\x799418202dd72d0b6f587394c0375c18', '\xbfc3717787ab424dc0ec065f02e95ac3', '\x799418202dd72d0b6f587394c0375c18', '\xbfc3717787ab424dc0ec065f02e95ac3', 0, 1796094029784, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (65, 3, '\x000000000000000005', '5', '\x104800fa45ed09ede702e2c38ad82e23', '\xdafd30b74dec999a117985fe26eb0044', '\x76bb2479a728a66c8fba7122b971695d', '\xdafd30b74dec999a117985fe26eb0044', '\x76bb2479a728a66c8fba7122b971695d', 0, 1796094029784, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (66, 3, '\x000000000000000006', '6', '\xc209a7ca97d0ee3537bcf05b81528f41', '\xc902d0238408d7ad82202ae4f13b824a', '\xc9facac7e8bb634fc4b5439927a69789', '\xc902d0238408d7ad82202ae4f13b824a', '\xc9facac7e8bb634fc4b5439927a69789', 0, 1796094029784, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (70, 3, '\x00000000000000000a', '10', '\xcbf2798bc351eff42697514be6286a34', '\x3d96814eabb10136a67496be35d6a98d', '\x8398e16f34fd5989f947d52420c387a9', '\x3d96814eabb10136a67496be35d6a98d', '\x8398e16f34fd5989f947d52420c387a9', 0, 1796094029784, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (67, 3, '\x000000000000000007', '7', '\x35ebee462c5916bd3b825c096c744501', '\x515bedb26980f6c0f9ecf26d329f5209', '\xd16f4f1dbf0460be521f2d0f825f9dfa', NULL, NULL, 4, 1796094029790, NULL, 1, 'item', 'refused the input (422): unreadable', 1796094029790, '\x6ca237aa4cdf7b89', 0);
INSERT INTO public.embedconsole_items VALUES (71, 3, '\x00000000000000000b', '11', '\x02d57df688d38c4f443d413736c9517f', '\xe726b2c60e304ef87f84980b6e9611ce', '\x673b2a4e1762271b577f4e6a720d474c', '\xe726b2c60e304ef87f84980b6e9611ce', '\x673b2a4e1762271b577f4e6a720d474c', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (72, 3, '\x00000000000000000c', '12', '\x5684dd550f3b467976e5874cbad03026', '\x88b4c7ddfa381bbc98ef9af4a87a18cc', '\x9e8026eacebcf57f2d430056a56c2d1a', '\x88b4c7ddfa381bbc98ef9af4a87a18cc', '\x9e8026eacebcf57f2d430056a56c2d1a', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (73, 3, '\x00000000000000000d', '13', '\xa793e966314a074e44842d533ff302d3', '\xb94c58f227d5792a12da0254e60d117a', '\x16d29635e7926315f7f505f67f6fe1d1', '\xb94c58f227d5792a12da0254e60d117a', '\x16d29635e7926315f7f505f67f6fe1d1', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (68, 3, '\x000000000000000008', '8', '\x9f9fbea6d48e676b6649f869bb7f44b8', '\x3e870e6413cbff491a9c95df6ad85400', '\x7ed9427f780cfb364bd0436c200d742d', NULL, NULL, 5, 1796094035032, NULL, 1, 'item', 'refused the input (422): unreadable', 1796094029790, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (61, 3, '\x000000000000000001', '1', '\x71e6c422fc38332feb086f9dc14ab941', '\x3a05b4204dfef77bb6b150363e907afa', '\x5441d2fc416f76d144e020312484eb76', '\xe6bcbeff90d8dc020ad42867686c54c0', '\x8f2465bab33dad8b41d140e6d3d59bcb', 1, 1796094105654, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (62, 3, '\x000000000000000002', '2', '\x69b9411e2520a8b87bb6ac34b11842a9', '\x06f7678d5941036a62c0da5687f2dbc0', '\xc46a3cb73592e6f666069db3d762438c', '\x8ad0627d3ace04432adb685f0e7f0c57', '\xecae41f660e3ca57c57d23f9f76ed63e', 1, 1796094105654, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (69, 3, '\x000000000000000009', '9', NULL, NULL, NULL, '\x8c75c2ff7f2609c639ce882a7b77d5f6', '\x0c727b16a03d3279955f562b14ef6c74', 3, 1796094105791, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (63, 3, '\x000000000000000003', '3', '\x72af3091f89ac11c1b1dddb198fedfac', '\x240db65220d904595c4b15106bd313a2', '\x4312da29025da805b703136d2681df2c', '\x240db65220d904595c4b15106bd313a2', '\xbfd8a25451c9a2c30331cf258343a296', 2, 1796094105848, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (74, 3, '\x00000000000000000e', '14', '\x71e35c804eb56b9353160be5b12a82cb', '\xc3a057857839f63b4d180fdcf546bcef', '\xa321b8e4b1c4a47848146661e27ab202', '\xc3a057857839f63b4d180fdcf546bcef', '\xa321b8e4b1c4a47848146661e27ab202', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (75, 3, '\x00000000000000000f', '15', '\xf950703b0546126a4ccaa931074e943a', '\x370276b8c09101b0b76c867aa469c901', '\xfb2f7f5c35b3d045b9b7111e1c8bd2f0', '\x370276b8c09101b0b76c867aa469c901', '\xfb2f7f5c35b3d045b9b7111e1c8bd2f0', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (76, 3, '\x000000000000000010', '16', '\x52904a9fc12385777b02caf9c63068a2', '\x956c5ebf7ecc8944bbca7ade66a52cf5', '\x7885705dd88f006ef1a574779ef1d9cf', '\x956c5ebf7ecc8944bbca7ade66a52cf5', '\x7885705dd88f006ef1a574779ef1d9cf', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (77, 3, '\x000000000000000011', '17', '\xa18d7202891de18c7b931bdc5ad4b177', '\xaad76d0b57bdc2bc1bf678fa6e83c90b', '\xb69e339f076badc593e06b92f43342d3', '\xaad76d0b57bdc2bc1bf678fa6e83c90b', '\xb69e339f076badc593e06b92f43342d3', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (78, 3, '\x000000000000000012', '18', '\x7edd5e534030adb5eeb00550b3cc3781', '\x1339daf83f6c80fa10cf17194c47293a', '\xafeb125c193576c7fce8de3eac341f6e', '\x1339daf83f6c80fa10cf17194c47293a', '\xafeb125c193576c7fce8de3eac341f6e', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (79, 3, '\x000000000000000013', '19', '\xa90c77da3e4e64161ff8c4804407a420', '\x448a3a79ddb04a2fd037fcafdbf85c0d', '\x5558621654dd8fbc6e542949a6a06bb9', '\x448a3a79ddb04a2fd037fcafdbf85c0d', '\x5558621654dd8fbc6e542949a6a06bb9', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (80, 3, '\x000000000000000014', '20', '\x1ba37acd235042842b32ce061e3ab326', '\x6cb371f9220683e838cf8ac866907904', '\x836d8a6ec2bb3c311a080f442bd13f66', '\x6cb371f9220683e838cf8ac866907904', '\x836d8a6ec2bb3c311a080f442bd13f66', 0, 1796094029896, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (81, 3, '\x000000000000000015', '21', '\xaede5900e3ee4fc4b44dbfdd51ec9f08', '\x157d919a8cb2a7e70630ecf927362d36', '\x620fcaec4f6a2dc8041159436d17d84d', '\x157d919a8cb2a7e70630ecf927362d36', '\x620fcaec4f6a2dc8041159436d17d84d', 0, 1796094029925, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (82, 3, '\x000000000000000016', '22', '\xd0f707b29edac5ed7dace58c7b287261', '\xf2bc1308e3a475799c1d664a837d030b', '\x71fb823d6e838fb698a2beac4cb6cd0e', '\xf2bc1308e3a475799c1d664a837d030b', '\x71fb823d6e838fb698a2beac4cb6cd0e', 0, 1796094029925, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (83, 3, '\x000000000000000017', '23', '\xc616f5f78004cc48f5e40a3645cc7329', '\x6d6080d63527a4b04d87e01f8f931881', '\x9b1a826a3b25ee0f95c2aba19f2693bc', '\x6d6080d63527a4b04d87e01f8f931881', '\x9b1a826a3b25ee0f95c2aba19f2693bc', 0, 1796094029925, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (84, 3, '\x000000000000000018', '24', '\x0bae89e57dfda401f8fe49b687198086', '\x2f35a8772cfc447f59d9806aa1c2e45e', '\x6cc9f59c3ac41bb2cbcf555f60902f3f', '\x2f35a8772cfc447f59d9806aa1c2e45e', '\x6cc9f59c3ac41bb2cbcf555f60902f3f', 0, 1796094029925, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (85, 3, '\x000000000000000019', '25', '\x606a5b9e434a1061ce0d54a61da70eb8', '\x0da1f93e19247acc1545d0ed7aaf3e48', '\xfa398d0465a8619374958e3e31cad250', '\x0da1f93e19247acc1545d0ed7aaf3e48', '\xfa398d0465a8619374958e3e31cad250', 0, 1796094029925, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (86, 3, '\x00000000000000001a', '26', '\x63a005fa1b044d43c6a702e8b42f3059', '\xf38f8f011fcb60828dbb0a94111e489b', '\x6540557b41025d44a726d446a176b496', '\xf38f8f011fcb60828dbb0a94111e489b', '\x6540557b41025d44a726d446a176b496', 0, 1796094029926, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (87, 3, '\x00000000000000001b', '27', '\xc85b349795ab8fd60b4b64593c9e7520', '\x139abceea7c3bc72747e30ec983ae351', '\xa6e4e3671010925039cb0f5aed62d0fe', '\x139abceea7c3bc72747e30ec983ae351', '\xa6e4e3671010925039cb0f5aed62d0fe', 0, 1796094029926, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (88, 3, '\x00000000000000001c', '28', '\x061ed6355cb35c10f0c993a62797f14d', '\x1df82afa4208de9b57f762998eacc2f3', '\x99f349cb297a5a70a60ecba6ad3b9949', '\x1df82afa4208de9b57f762998eacc2f3', '\x99f349cb297a5a70a60ecba6ad3b9949', 0, 1796094029926, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (89, 3, '\x00000000000000001d', '29', '\x71aa59581ebe7a18f4d4d1d69b6e72c3', '\xb092078ba34b7fe2465edc385613ccdb', '\xd0f2c1f88d86c0a85629399a805d2e08', '\xb092078ba34b7fe2465edc385613ccdb', '\xd0f2c1f88d86c0a85629399a805d2e08', 0, 1796094029926, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (90, 3, '\x00000000000000001e', '30', '\x37fb8c86b845a274e6301ae0b28027f5', '\x3ff29ffad5a020b92b2478f48ba05e73', '\x4b466b72e4e05da22f9def18b342f2c2', '\x3ff29ffad5a020b92b2478f48ba05e73', '\x4b466b72e4e05da22f9def18b342f2c2', 0, 1796094029926, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (91, 3, '\x00000000000000001f', '31', '\xdea428f840944339481e3c6a6d8b40d5', '\xeef754008c4dc597306f112921b3d507', '\x65a548afdec392ee5c0a32326455291d', NULL, NULL, 1, 1796094105654, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (92, 3, '\x000000000000000020', '32', '\x589866f7aa636dfeb7cae5dddc443537', '\x099066c0f9a9cb0ff7a5116b4bd4b82a', '\x659fa484a825747e52bab4273dc9d7b8', NULL, NULL, 1, 1796094105654, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (93, 3, '\x000000000000000021', '33', '\x9f3de4fbe957556caab85e8352438412', '\x249b589d0311403f98658b77154cdff9', '\x9481e18fd728fe0d43837fb4df2335cf', NULL, NULL, 1, 1796094105654, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (94, 3, '\x000000000000000022', '34', '\x10959e5289576ac1f7fa4fa474e9b99b', '\xd3c56a00d7e2e42039907603b33c3d6e', '\xfbd61d9e7f216da1d2ce3676f5aa58e3', NULL, NULL, 1, 1796094105654, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_items VALUES (95, 3, '\x000000000000000023', '35', '\x432115fa088f1d26ded08d2892fa1500', '\x4f863d2ecd2d41365490ce32a9d0bbbd', '\xb4a4c9c8c5405c4d583a0241d6856d52', NULL, NULL, 1, 1796094105654, NULL, 0, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.embedconsole_leases VALUES ('run:products', NULL, 5, 0);
INSERT INTO public.embedconsole_runs VALUES (1, 'shop:6030:aa9d11', 'sync', 1796094021102, 1796094022041, 'partial', '{"outcome": "partial", "run": 1, "pipelines": {"products": {"scanned": 30, "embedded": 28, "payload_updated": 0, "deleted": 0, "unchanged": 0, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 11, "embed_items": 50, "seconds": 0.924}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (3, 'shop:6164:6831ed', 'serve', 1796094024610, 1796094024859, 'partial', '{"outcome": "partial", "run": 3, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 1, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.23}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (2, 'shop:6164:6831ed', 'reindex', 1796094024597, 1796094025262, 'partial', '{"outcome": "partial", "run": 2, "pipelines": {"products": {"scanned": 30, "embedded": 28, "payload_updated": 0, "deleted": 0, "unchanged": 0, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 11, "embed_items": 50, "seconds": 0.634}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (4, 'shop:6164:6831ed', 'reindex', 1796094025300, 1796094025421, 'partial', '{"outcome": "partial", "run": 4, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.091}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (5, 'shop:6164:6831ed', 'serve', 1796094025446, 1796094025571, 'partial', '{"outcome": "partial", "run": 5, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 1, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.102}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (6, 'shop:6164:6831ed', 'sync', 1796094026994, 1796094027166, 'partial', '{"outcome": "partial", "run": 6, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.16}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (8, 'shop:6259:e144cc', 'serve', 1796094028709, 1796094029165, 'partial', '{"outcome": "partial", "run": 8, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.39}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (7, 'shop:6259:e144cc', 'reindex', 1796094028576, 1796094029992, 'partial', '{"outcome": "partial", "run": 7, "pipelines": {"products": {"scanned": 30, "embedded": 28, "payload_updated": 0, "deleted": 0, "unchanged": 0, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 11, "embed_items": 50, "seconds": 1.354}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (9, 'shop:6259:e144cc', 'reindex', 1796094030054, 1796094030459, 'partial', '{"outcome": "partial", "run": 9, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.383}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (10, 'shop:6259:e144cc', 'serve', 1796094030604, 1796094031327, 'partial', '{"outcome": "partial", "run": 10, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.676}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (11, 'shop:6259:e144cc', 'sync', 1796094034177, 1796094034358, 'partial', '{"outcome": "partial", "run": 11, "pipelines": {"products": {"scanned": 30, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 30, "retrying": 0, "failed": 2, "pending": 0, "embed_requests": 0, "embed_items": 0, "seconds": 0.159}}, "version": "0.1.0", "outcomes": {"products": "partial"}}');
INSERT INTO public.embedconsole_runs VALUES (12, 'shop:6458:a6e0ec', 'sync', 1796094036960, 1796094069539, 'aborted', '{"outcome": "aborted", "run": 12, "pipelines": {"products": {"scanned": 33, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 27, "retrying": 0, "failed": 1, "pending": 6, "embed_requests": 1, "embed_items": 5, "seconds": 32.539}}, "messages": {"products": "Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; nothing is lost, the next run goes on"}, "version": "0.1.0", "outcomes": {"products": "aborted"}}');
INSERT INTO public.embedconsole_runs VALUES (13, 'shop:7495:a04f11', 'sync', 1796094071559, 1796094106062, 'aborted', '{"outcome": "aborted", "run": 13, "pipelines": {"products": {"scanned": 34, "embedded": 0, "payload_updated": 0, "deleted": 0, "unchanged": 32, "retrying": 0, "failed": 1, "pending": 9, "embed_requests": 12, "embed_items": 18, "seconds": 34.421}}, "messages": {"products": "Qdrant: collection products-3 at http://127.0.0.1:34929 answered 500: Service internal error: made to fail with 500; nothing is lost, the next run goes on"}, "version": "0.1.0", "outcomes": {"products": "aborted"}}');
INSERT INTO public.embedconsole_samples VALUES (1, 1796094022286, 'products', 'shop:6030:aa9d11', 30, 2, '{"state": "idle", "counts": {"synced": 28, "pending": 0, "retrying": 0, "in_flight": 0, "failed": 2, "oldest_age": null, "skipped": 0}, "counted_at": 1796094022.2717323, "rate": null, "eta": null, "workers": 8, "progress": null, "last_report": {"outcome": "partial", "message": null}, "batches": 0, "in_flight": [], "dependencies": [{"name": "catalog", "state": "ok", "since": 1796094021.0963047, "until": null, "fault": null}, {"name": "embedder ml", "state": "ok", "since": 1796094021.0964808, "until": null, "fault": null}, {"name": "collection products", "state": "ok", "since": 1796094021.0963933, "until": null, "fault": null}], "collection": null, "run": null, "next_run": null, "paused_since": null, "paused_by": null, "processes": [{"id": "shop:6030:aa9d11", "host": "shop", "place": "shop:boot:1", "pid": 6030, "version": "0.1.0", "silent_for": 0.739, "up_for": 1.847, "role": "once", "status": {"state": "running", "serves": false, "rate": null, "workers": 8, "next_run": null, "paused_since": null, "paused_by": "", "run": 1, "pipelines": [{"name": "products", "state": "running", "found": 30, "done": 0, "rate": null, "eta": null, "dependencies": [{"name": "catalog", "state": "ok", "since": 1796094021.0962422, "until": null, "fault": null}, {"name": "embedder ml", "state": "ok", "since": 1796094021.0964184, "until": null, "fault": null}, {"name": "collection products", "state": "ok", "since": 1796094021.096331, "until": null, "fault": null}]}]}}]}');
INSERT INTO public.embedconsole_samples VALUES (2, 1796094027225, 'products', 'shop:6164:6831ed', 30, 2, NULL);
INSERT INTO public.embedconsole_samples VALUES (3, 1796094031578, 'products', 'shop:6259:e144cc', 30, 2, '{"state": "idle", "counts": {"synced": 28, "pending": 0, "retrying": 0, "in_flight": 0, "failed": 2, "oldest_age": null, "skipped": 0}, "counted_at": 1796094031.4005375, "rate": null, "eta": null, "workers": 8, "progress": null, "last_report": {"outcome": "partial", "message": null}, "batches": 0, "in_flight": [], "dependencies": [{"name": "catalog", "state": "ok", "since": 1796094030.0526493, "until": null, "fault": null}, {"name": "embedder ml", "state": "ok", "since": 1796094030.0527413, "until": null, "fault": null}, {"name": "collection products", "state": "ok", "since": 1796094030.0526938, "until": null, "fault": null}], "collection": null, "run": null, "next_run": null, "paused_since": null, "paused_by": null, "processes": [{"id": "shop:6259:e144cc", "host": "shop", "place": "shop:boot:1", "pid": 6259, "version": "0.1.0", "silent_for": 1.329, "up_for": 3.374, "role": "reindex", "status": {"state": "idle", "serves": false, "rate": null, "workers": 8, "next_run": null, "paused_since": null, "paused_by": "", "run": null, "pipelines": [{"name": "products", "state": "idle", "found": 0, "done": 0, "rate": null, "eta": null, "dependencies": [{"name": "catalog", "state": "ok", "since": 1796094028.572303, "until": null, "fault": null}, {"name": "embedder ml", "state": "ok", "since": 1796094028.5724316, "until": null, "fault": null}, {"name": "collection products", "state": "ok", "since": 1796094028.572366, "until": null, "fault": null}]}]}}]}');
INSERT INTO public.embedconsole_schema VALUES ('0006');
INSERT INTO public.embedconsole_vectors VALUES (3, '\x3a05b4204dfef77bb6b150363e907afa', '\x0000080000000024df3e0070223f00545f3f0034723e2dc00fbd2c2f9b3e939b483e531ad8be');
INSERT INTO public.embedconsole_vectors VALUES (3, '\x06f7678d5941036a62c0da5687f2dbc0', '\x0000080000000024df3e0070223f00545f3f0034723e2dc00fbd2c2f9b3e939b483e531ad8be');
INSERT INTO public.embedconsole_vectors VALUES (3, '\xeef754008c4dc597306f112921b3d507', '\x00000800000000c6893e00a8823d0018053e008f423fa31853befffb103fb2d1c03c8aee96be');
INSERT INTO public.embedconsole_vectors VALUES (3, '\x099066c0f9a9cb0ff7a5116b4bd4b82a', '\x00000800000000a0093f00bf1f3f00e57f3f0066263f163f58bef6e60f3d28f9c1bef4cc523e');
INSERT INTO public.embedconsole_vectors VALUES (3, '\x249b589d0311403f98658b77154cdff9', '\x000008000000002a4c3f00aa933e0058aa3e00142f3eaa7e293c8a6a3c3d5e7dbfbd478a113f');
INSERT INTO public.products VALUES (4, 'SKU-00004', 'Product number 4', 'What can be said of product 4', 2, 13.95, 0, 'https://shop.example/images/4.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:04', '2026-01-01 12:00:04', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (5, 'SKU-00005', 'Product number 5', 'What can be said of product 5', 3, 14.95, 1, 'https://shop.example/images/5.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:05', '2026-01-01 12:00:05', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (6, 'SKU-00006', 'Product number 6', 'What can be said of product 6', 1, 15.95, 2, 'https://shop.example/images/6.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:06', '2026-01-01 12:00:06', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (10, 'SKU-00010', 'Product number 10', 'What can be said of product 10', 2, 19.95, 2, 'https://shop.example/images/10.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:10', '2026-01-01 12:00:10', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (11, 'SKU-00011', 'Product number 11', 'What can be said of product 11', 3, 20.95, 3, 'https://shop.example/images/11.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:11', '2026-01-01 12:00:11', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (12, 'SKU-00012', 'Product number 12', 'What can be said of product 12', 1, 21.95, 0, 'https://shop.example/images/12.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:12', '2026-01-01 12:00:12', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (13, 'SKU-00013', 'Product number 13', 'What can be said of product 13', 2, 22.95, 1, 'https://shop.example/images/13.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:13', '2026-01-01 12:00:13', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (14, 'SKU-00014', 'Product number 14', 'What can be said of product 14', 3, 23.95, 2, 'https://shop.example/images/14.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:14', '2026-01-01 12:00:14', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (15, 'SKU-00015', 'Product number 15', 'What can be said of product 15', 1, 24.95, 3, 'https://shop.example/images/15.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:15', '2026-01-01 12:00:15', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (16, 'SKU-00016', 'Product number 16', 'What can be said of product 16', 2, 25.95, 0, 'https://shop.example/images/16.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:16', '2026-01-01 12:00:16', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (17, 'SKU-00017', 'Product number 17', 'What can be said of product 17', 3, 26.95, 1, 'https://shop.example/images/17.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:17', '2026-01-01 12:00:17', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (18, 'SKU-00018', 'Product number 18', 'What can be said of product 18', 1, 27.95, 2, 'https://shop.example/images/18.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:18', '2026-01-01 12:00:18', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (19, 'SKU-00019', 'Product number 19', 'What can be said of product 19', 2, 28.95, 3, 'https://shop.example/images/19.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:19', '2026-01-01 12:00:19', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (20, 'SKU-00020', 'Product number 20', 'What can be said of product 20', 3, 29.95, 0, 'https://shop.example/images/20.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:20', '2026-01-01 12:00:20', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (21, 'SKU-00021', 'Product number 21', 'What can be said of product 21', 1, 30.95, 1, 'https://shop.example/images/21.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:21', '2026-01-01 12:00:21', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (22, 'SKU-00022', 'Product number 22', 'What can be said of product 22', 2, 31.95, 2, 'https://shop.example/images/22.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:22', '2026-01-01 12:00:22', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (23, 'SKU-00023', 'Product number 23', 'What can be said of product 23', 3, 32.95, 3, 'https://shop.example/images/23.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:23', '2026-01-01 12:00:23', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (24, 'SKU-00024', 'Product number 24', 'What can be said of product 24', 1, 33.95, 0, 'https://shop.example/images/24.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:24', '2026-01-01 12:00:24', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (25, 'SKU-00025', 'Product number 25', 'What can be said of product 25', 2, 34.95, 1, 'https://shop.example/images/25.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:25', '2026-01-01 12:00:25', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (26, 'SKU-00026', 'Product number 26', 'What can be said of product 26', 3, 35.95, 2, 'https://shop.example/images/26.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:26', '2026-01-01 12:00:26', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (27, 'SKU-00027', 'Product number 27', 'What can be said of product 27', 1, 36.95, 3, 'https://shop.example/images/27.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:27', '2026-01-01 12:00:27', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (28, 'SKU-00028', 'Product number 28', 'What can be said of product 28', 2, 37.95, 0, 'https://shop.example/images/28.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:28', '2026-01-01 12:00:28', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (29, 'SKU-00029', 'Product number 29', 'What can be said of product 29', 3, 38.95, 1, 'https://shop.example/images/29.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:29', '2026-01-01 12:00:29', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (30, 'SKU-00030', 'Product number 30', 'What can be said of product 30', 1, 39.95, 2, 'https://shop.example/images/30.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:30', '2026-01-01 12:00:30', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (7, 'SKU-00007', 'unreadable', 'What can be said of product 7', 2, 16.95, 3, 'https://shop.example/images/7.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:07', '2026-01-01 12:00:31', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (8, 'SKU-00008', 'unreadable', 'What can be said of product 8', 3, 17.95, 0, 'https://shop.example/images/8.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:08', '2026-01-01 12:00:31', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (1, 'SKU-00001', 'Edited in 0.1', 'What can be said of product 1', 2, 10.95, 1, 'https://shop.example/images/1.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:01', '2026-01-01 12:00:32', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (2, 'SKU-00002', 'Edited in 0.1', 'What can be said of product 2', 3, 11.95, 2, 'https://shop.example/images/2.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:02', '2026-01-01 12:00:32', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (31, 'SKU-00031', 'Product number 31', 'What can be said of product 31', 2, 40.95, 3, 'https://shop.example/images/31.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:33', '2026-01-01 12:00:33', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (32, 'SKU-00032', 'Product number 32', 'What can be said of product 32', 3, 41.95, 0, 'https://shop.example/images/32.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:34', '2026-01-01 12:00:34', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (33, 'SKU-00033', 'Product number 33', 'What can be said of product 33', 1, 42.95, 1, 'https://shop.example/images/33.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:35', '2026-01-01 12:00:35', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (3, 'SKU-00003', 'Product number 3', 'What can be said of product 3', 1, 4.50, 3, 'https://shop.example/images/3.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:03', '2026-01-01 12:00:36', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (34, 'SKU-00034', 'Product number 34', 'What can be said of product 34', 2, 43.95, 2, 'https://shop.example/images/34.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:37', '2026-01-01 12:00:37', NULL, true, NULL, NULL);
INSERT INTO public.products VALUES (35, 'SKU-00035', 'Product number 35', 'What can be said of product 35', 3, 44.95, 3, 'https://shop.example/images/35.jpg', 'red', '["S", "M"]', '2026-01-01 12:00:38', '2026-01-01 12:00:38', NULL, true, NULL, NULL);
SELECT pg_catalog.setval('public.embedconsole_audits_id_seq', 1, true);
SELECT pg_catalog.setval('public.embedconsole_batches_id_seq', 26, true);
SELECT pg_catalog.setval('public.embedconsole_doubts_id_seq', 41, true);
SELECT pg_catalog.setval('public.embedconsole_events_id_seq', 23, true);
SELECT pg_catalog.setval('public.embedconsole_generations_id_seq', 3, true);
SELECT pg_catalog.setval('public.embedconsole_items_id_seq', 95, true);
SELECT pg_catalog.setval('public.embedconsole_orders_id_seq', 1, false);
SELECT pg_catalog.setval('public.embedconsole_runs_id_seq', 13, true);
SELECT pg_catalog.setval('public.embedconsole_samples_id_seq', 3, true);
ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_audits
    ADD CONSTRAINT embedconsole_audits_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_batches
    ADD CONSTRAINT embedconsole_batches_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_doubts
    ADD CONSTRAINT embedconsole_doubts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_events
    ADD CONSTRAINT embedconsole_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_gates
    ADD CONSTRAINT embedconsole_gates_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.embedconsole_generations
    ADD CONSTRAINT embedconsole_generations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_incidents
    ADD CONSTRAINT embedconsole_incidents_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.embedconsole_items
    ADD CONSTRAINT embedconsole_items_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_leases
    ADD CONSTRAINT embedconsole_leases_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.embedconsole_orders
    ADD CONSTRAINT embedconsole_orders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_runs
    ADD CONSTRAINT embedconsole_runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_samples
    ADD CONSTRAINT embedconsole_samples_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_schema
    ADD CONSTRAINT embedconsole_schema_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.embedconsole_vectors
    ADD CONSTRAINT embedconsole_vectors_pkey PRIMARY KEY (generation_id, embed_hash);
ALTER TABLE ONLY public.embedconsole_workers
    ADD CONSTRAINT embedconsole_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedconsole_items
    ADD CONSTRAINT uq_embedconsole_items_point UNIQUE (generation_id, point);
CREATE INDEX ix_embedconsole_audits_pipeline ON public.embedconsole_audits USING btree (pipeline, id);
CREATE INDEX ix_embedconsole_batches_generation ON public.embedconsole_batches USING btree (generation_id);
CREATE INDEX ix_embedconsole_doubts_due ON public.embedconsole_doubts USING btree (generation_id, due_at);
CREATE INDEX ix_embedconsole_events_at ON public.embedconsole_events USING btree (at);
CREATE INDEX ix_embedconsole_generations_pipeline ON public.embedconsole_generations USING btree (pipeline);
CREATE INDEX ix_embedconsole_items_cause ON public.embedconsole_items USING btree (generation_id, cause, failed_at, id) WHERE (cause IS NOT NULL);
CREATE INDEX ix_embedconsole_items_work ON public.embedconsole_items USING btree (generation_id, state, due_at, id);
CREATE INDEX ix_embedconsole_runs_started ON public.embedconsole_runs USING btree (started_at);
CREATE INDEX ix_embedconsole_samples_at ON public.embedconsole_samples USING btree (pipeline, at);

