"""Places in which a secret can stand: a table of kind x form x value, each place a stream of its own.

A form is a function of the value. One that gives None says that this value cannot be written there (a PEM key in a label).
"""
import base64
import dataclasses
import json
import re
import textwrap
import urllib.parse
import xml.sax.saxutils

VALUES = {
    "token": "q7Zt2LmX9vRk4Bn8Hs3W",
    "password": "t0p$ecr@t/5:&=%9x",
    "quotes": "it's \"8\" \\o/ <9>!",
    "spaces": "correct horse battery 9",
    "not ASCII": "Zürich-Käse-7-Früh",
    "PEM": "-----BEGIN PRIVATE KEY-----\n"
           "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
           "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n"
           "NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ\n"
           "-----END PRIVATE KEY-----",
}


@dataclasses.dataclass
class Place:
    kind: str
    form: str
    value: str      # A name of VALUES.
    stream: str

    @property
    def id(self):
        return f"{self.kind}: {self.form}: {self.value}"


# YAML.

def double(value):
    return json.dumps(value, ensure_ascii=False)


def single(value):
    return None if "\n" in value else "'" + value.replace("'", "''") + "'"


def plain(value):
    return value if re.fullmatch(r"[^\W\d_][^\n:#]*(:[^\s#][^\n:#]*)*", value) else None


def literal(value, indent=18):
    return "|-\n" + textwrap.indent(value, " " * indent)


def folded(value, indent=18):
    if "\n" in value or " " not in value:
        return None
    return ">-\n" + textwrap.indent(value.replace(" ", "\n"), " " * indent)


def broken(value, indent=18):
    """Double-quoted, over two lines, with a backslash between them."""
    half = len(value) // 2 - 1
    return double(value[:half])[:-1] + "\\\n" + " " * indent + ("\\" if value[half] == " " else "") + double(value[half:])[1:]


def every_character_escaped(value):
    return '"' + "".join(f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in value) + '"'


STYLES = {"plain": plain, "single quotes": single, "double quotes": double, "escapes": json.dumps, "literal": literal, "folded": folded,
          "broken line": broken, "every character escaped": every_character_escaped}


def workload(env="", more="", volumes="", kind="Deployment", annotations="", name="api"):
    """`env` are entries of the list, `more` other fields of the container, both without indentation."""
    pod = f"containers:\n  - name: {name}\n    image: example.org/{name}:1.0\n"
    if env:
        pod += "    env:\n" + textwrap.indent(env.rstrip("\n") + "\n", " " * 6)
    if more:
        pod += textwrap.indent(more.rstrip("\n") + "\n", " " * 4)
    if volumes:
        pod += "volumes:\n" + textwrap.indent(volumes.rstrip("\n") + "\n", "  ")
    template = "template:\n  metadata: {labels: {app: %s}}\n  spec:\n" % name + textwrap.indent(pod, "    ")
    if kind == "CronJob":
        template = "schedule: 0 3 * * *\njobTemplate:\n  spec:\n" + textwrap.indent(template, "    ")
    if kind == "Deployment":
        template = "selector: {matchLabels: {app: %s}}\n" % name + template
    return (f"apiVersion: {'batch' if kind == 'CronJob' else 'apps'}/v1\nkind: {kind}\nmetadata:\n  name: {name}\n" + annotations
            + "spec:\n" + textwrap.indent(template, "  "))


def variable(name, written):
    return None if written is None else f"- name: {name}\n  value: {written}\n"


def config(entries, more=""):
    """A ConfigMap; `entries` are texts by key."""
    body = "".join(f"  {key}: {text if text.startswith('|') else double(text)}\n" for key, text in entries.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n{more}data:\n{body}"


def block(text, indent=4):
    return "|\n" + textwrap.indent(text.rstrip("\n"), " " * indent) + "\n"


def join(*documents):
    return "---\n".join(document.rstrip("\n") + "\n" for document in documents)


def copy_of(value):
    """Another workload, whose variable says that the value is a secret."""
    return workload(variable("DB_PASSWORD", double(value)), name="owner")


# Texts with a secret inside.

def percent(value):
    return None if "\n" in value else urllib.parse.quote(value, safe="")


def lower_percent(text):
    return re.sub("%..", lambda match: match[0].lower(), text)


def one_line(value):
    return None if "\n" in value else value


def without(characters):
    """Where some characters cannot stand, or would be written in another way."""
    return lambda value: None if any(c in value for c in characters + "\n") else value


def quoted_ado(value):
    if "\n" in value:
        return None
    return '"' + value.replace('"', '""') + '"' if re.search(r"[;'\" =]", value) else value


def backslashed(quote):
    return lambda value: None if "\n" in value else quote + value.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def text(before, encode, behind):
    def form(value):
        encoded = encode(value)
        return None if encoded is None else before + encoded + behind
    return form


DSNS = {
    "URL": text("postgres://shop:", percent, "@db:5432/shop?sslmode=disable"),
    "URL without user": text("redis://:", percent, "@cache:6379/0"),
    "URL, encoded in small letters": text("amqp://shop:", lambda value: percent(value) and lower_percent(percent(value)), "@mq:5672/%2f"),
    "several hosts": text("mongodb://shop:", percent, "@db-0:27017,db-1:27017/shop?replicaSet=rs0"),
    "several URLs": lambda value: percent(value) and f"amqp://a:{percent(value)}@mq-0:5672,amqp://a:{percent(value)}@mq-1:5672",
    "basic auth": text("https://bot:", percent, "@api.example.com/v1"),
    "parameter of a URL": text("https://api.example.com/v1?region=eu&token=", percent, "&v=2"),
    "SQLAlchemy": text("postgresql+psycopg2://shop:", percent, "@db/shop"),
    "JDBC PostgreSQL": text("jdbc:postgresql://db:5432/shop?user=shop&password=", percent, "&ssl=true"),
    "JDBC SQL Server": text("jdbc:sqlserver://db:1433;databaseName=shop;user=shop;password=", without(";{} \"'"), ";encrypt=true"),
    "JDBC Oracle": text("jdbc:oracle:thin:shop/", without("/@\"' "), "@//db:1521/shop"),
    "ADO.NET": text("Host=db;Username=shop;Password=", quoted_ado, ";Database=shop"),
    "ODBC": text("Driver={PostgreSQL};Server=db;Uid=shop;Pwd={", without("{}"), "};"),
    "libpq": text("host=db user=shop password=", backslashed("'"), " dbname=shop"),
    "Azure": text("DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=", without(";= \"'"), ";EndpointSuffix=core.windows.net"),
    "Go MySQL": text("shop:", one_line, "@tcp(mysql:3306)/shop?parseTime=true"),
    "StackExchange.Redis": text("cache:6379,password=", without(", \"'"), ",ssl=False"),
    "JAAS": text('org.apache.kafka.common.security.plain.PlainLoginModule required username="shop" password=', backslashed('"'), ";"),
    "user and password without scheme": text("shop:", without(":/@ '\"\\<%"), "@mq:5672"),
}


def xml_text(value):
    return xml.sax.saxutils.escape(value)


FILES = {
    "app.yaml": lambda value: f"server:\n  port: 8080\ndatabase:\n  host: db\n  password: {double(value)}\n  pool: 5\n",
    "plain.yaml": lambda value: plain(value) and f"database:\n  host: db\n  password: {value} # of the team\n",
    "single.yaml": lambda value: single(value) and f"database:\n  password: {single(value)}\n  pool: 5\n",
    "list.yml": lambda value: f"users:\n  - name: shop\n    password: {double(value)}\n  - {{name: guest}}\n",
    "app.json": lambda value: json.dumps({"port": 8080, "database": {"host": "db", "password": value}}, indent=2, ensure_ascii=False) + "\n",
    "ascii.json": lambda value: json.dumps({"database": {"password": value, "host": "db"}}) + "\n",
    "config.json": lambda value: json.dumps({"auths": {"registry.example": {"username": "bot", "password": value,
                                             "auth": base64.b64encode(f"bot:{value}".encode()).decode()}}}) + "\n",
    "app.properties": text("server.port=8080\ndb.password=", without("\\"), "\ndb.pool=5\n"),
    "escaped.properties": lambda value: f"db.password={value}\n".replace("\\", "\\\\").replace("\n", "\\n\\\n", value.count("\n")),
    "app.ini": text("[database]\nhost = db\npassword = ", without("\"';#%"), "\npool = 5\n"),
    "app.toml": lambda value: f'[database]\nhost = "db"\npassword = {double(value)}\n',
    "app.env": text("DB_HOST=db\nDB_PASSWORD=", without(" '\"\\$<"), "\nDB_POOL=5\n"),
    "quoted.env": text("DB_PASSWORD='", without("'"), "'\nDB_POOL=5\n"),
    "init.sql": lambda value: one_line(value) and
        "CREATE USER shop WITH PASSWORD '" + value.replace("'", "''") + "';\nCREATE DATABASE shop OWNER shop;\n",
    "mysql.sql": lambda value: one_line(value) and
        "CREATE USER 'shop'@'%' IDENTIFIED BY '" + value.replace("\\", "\\\\").replace("'", "\\'") + "';\nFLUSH PRIVILEGES;\n",
    "init.sh": text("#!/bin/sh\nset -e\nexport PGPASSWORD='", without("'"), "'\npsql -h db -c 'select 1'\n"),
    "double.sh": lambda value: one_line(value) and '#!/bin/sh\nDB_PASSWORD="' + re.sub(r'(["\\$`])', r"\\\1", value) + '" exec /app\n',
    "option.sh": text("#!/bin/sh\nexec /app --listen :8080 --db-password='", without("'"), "'\n"),
    "element.xml": lambda value: f"<database>\n  <host>db</host>\n  <password>{xml_text(value)}</password>\n</database>\n",
    "attribute.xml": lambda value: one_line(value) and
        f'<users>\n  <user username="shop" password={xml.sax.saxutils.quoteattr(value)} roles="admin"/>\n</users>\n',
    "redis.conf": text("maxmemory 100mb\nrequirepass ", without(" '\"\\"), "\n"),
    "haproxy.cfg": text("defaults\n  timeout client 10s\nlisten stats\n  stats auth admin:", without(" '\"\\"), "\n"),
    "app.conf": text("include defaults\ndatabase {\n  url = \"jdbc:postgresql://db/shop?user=shop&password=", percent, "\"\n}\n"),
    ".pgpass": lambda value: one_line(value) and "db:5432:shop:shop:" + value.replace("\\", "\\\\").replace(":", "\\:") + "\n",
    ".netrc": text("machine example.com login bot password ", without(" '\"\\"), "\n"),
    "settings.py": lambda value: f"DEBUG = False\nDB_PASSWORD = {double(value)}\n",
    "main.tf": lambda value: f'db_host = "db"\ndb_password = {double(value).replace("${", "$${")}\n',
    "url.txt": text("a line before\nmysql://shop:", percent, "@db/shop\na line behind\n"),
}

# Files of which the kind does not tell that they hold a secret: only a copy of the value does.
MUTE_FILES = {
    "block.yaml": lambda value: f"tls:\n  privateKey: |\n{textwrap.indent(value, '    ')}\n  minVersion: TLS12\n",
    "entry.xml": lambda value: one_line(value) and f"<properties>\n  <entry key=\"db.password\">{xml_text(value)}</entry>\n</properties>\n",
    "define.php": lambda value: one_line(value) and "<?php\ndefine('DB_PASSWORD', '" + value.replace("\\", "\\\\").replace("'", "\\'") + "');\n",
    "lines.txt": lambda value: f"alpha\n{value}\nomega\n",
    "inside.txt": text("alpha\nbeta=<", one_line, ">gamma\n"),
    "list.json": lambda value: json.dumps({"args": ["-x", value]}, ensure_ascii=False) + "\n",
}

READERS = {
    "configMapKeyRef": lambda key: workload(
        f"- name: A\n  valueFrom:\n    configMapKeyRef:\n      name: settings\n      key: {key}\n"),
    "optional configMapKeyRef": lambda key: workload(
        f"- {{name: A, valueFrom: {{configMapKeyRef: {{name: settings, key: {key}, optional: true}}}}}}\n- {{name: B, value: $(A)}}\n"),
    "envFrom": lambda key: workload(more="envFrom:\n  - configMapRef:\n      name: settings\n"),
    "envFrom with prefix": lambda key: workload("- {name: LOG_LEVEL, value: info}\n", "envFrom: [{prefix: APP_, configMapRef: {name: settings}}]\n"),
    "volume": lambda key: workload(more="volumeMounts: [{name: v, mountPath: /etc/app}]\n", volumes="- name: v\n  configMap:\n    name: settings\n"),
    "volume with items": lambda key: workload(
        more="volumeMounts: [{name: v, mountPath: /etc/app}]\n",
        volumes=f"- name: v\n  configMap: {{name: settings, defaultMode: 0440, items: [{{key: {key}, path: a/b, mode: 0400}}, {{key: host, path: c}}]}}\n"),
    "subPath": lambda key: workload(
        more=f"volumeMounts:\n  - name: v\n    mountPath: /etc/app/{key}\n    subPath: {key}\n", volumes="- {name: v, configMap: {name: settings}}\n"),
    "projected volume": lambda key: workload(
        more="volumeMounts: [{name: v, mountPath: /etc/app}]\n",
        volumes="- name: v\n  projected:\n    sources:\n      - configMap: {name: settings}\n"),
}


def base64_of(value):
    return base64.b64encode(value.encode()).decode()


def wrapped(text, indent):
    return "|\n" + textwrap.indent("\n".join(textwrap.wrap(text, 64)), " " * indent) + "\n"


def secret(entries, more="", data=False):
    """A Secret; `entries` are texts by key."""
    lines = "".join(f"  {key}: {base64_of(value) if data else double(value)}\n" for key, value in entries.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n{more}{'data' if data else 'stringData'}:\n{lines}"


READS_SECRET = workload(more="envFrom: [{secretRef: {name: db}}]\nvolumeMounts: [{name: v, mountPath: /run/db}]\n",
                        volumes="- {name: v, secret: {secretName: db}}\n")


def docker_config(value):
    return json.dumps({"auths": {"registry.example": {"username": "bot", "password": value, "auth": base64_of(f"bot:{value}")}}})


SECRETS = {
    "stringData": lambda value: secret({"username": "shop", "password": value}),
    "data": lambda value: secret({"username": "shop", "password": value}, data=True),
    "data, wrapped": lambda value: f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: {wrapped(base64_of(value), 4)}",
    "a name that says nothing": lambda value: secret({"a": value}),
    "Opaque": lambda value: secret({"password": value}, "type: Opaque\n", True),
    "immutable": lambda value: secret({"password": value}, "immutable: true\n"),
    "basic-auth": lambda value: secret({"username": "shop", "password": value}, "type: kubernetes.io/basic-auth\n"),
    "ssh-auth": lambda value: secret({"ssh-privatekey": value}, "type: kubernetes.io/ssh-auth\n", True),
    "tls": lambda value:
        secret({"tls.crt": "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUb2\n-----END CERTIFICATE-----\n", "tls.key": value},
                                "type: kubernetes.io/tls\n", True),
    "dockerconfigjson": lambda value: secret({".dockerconfigjson": docker_config(value)}, "type: kubernetes.io/dockerconfigjson\n", True),
    "dockercfg": lambda value: secret({".dockercfg": json.dumps(json.loads(docker_config(value))["auths"])}, "type: kubernetes.io/dockercfg\n"),
    "bootstrap token": lambda value: secret({"token-id": "abcdef", "token-secret": value}, "type: bootstrap.kubernetes.io/token\n"),
    "a file": lambda value: secret({"app.yaml": FILES["app.yaml"](value)}),
    "a connection": lambda value: percent(value) and secret({"url": DSNS["URL"](value)}, data=True),
    "a file that hides it": lambda value: secret({"a.txt": f"alpha\n{value}\nomega\n"}) if "\n" not in value else None,
    "in a List": lambda value:
        "apiVersion: v1\nkind: List\nitems:\n" + textwrap.indent(secret({"password": value}), "    ").replace("    ", "  - ", 1),
    "JSON": lambda value:
        json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": value}}) + "\n",
}


# Where nothing can be replaced.

def annotation(name, written, of_pod=False):
    if written is None:
        return None
    line = f"annotations:\n  {name}: {written}\n"
    if of_pod:
        return workload("- {name: A, value: b}\n").replace("metadata: {labels: {app: api}}\n", "metadata:\n        labels: {app: api}\n" + textwrap.indent(line, " " * 8))
    return workload("- {name: A, value: b}\n", annotations=textwrap.indent(line, "  "))


ARGUMENTS = {
    "option with =": lambda value: workload(more=f"args:\n  - --listen=:8080\n  - {double('--db-password=' + value)}\n"),
    "option and value": lambda value: workload(more=f"args: [--db-password, {double(value)}]\n"),
    "assignment": lambda value: workload(more=f"command: [env, {double('DB_PASSWORD=' + value)}, /app]\n"),
    "URL": lambda value: percent(value) and workload(more=f"args: [\"--db=postgres://shop:{percent(value)}@db/shop\"]\n"),
    "script": lambda value: not re.search("['\n ]", value) and workload(
        more=f"command: [sh, -c]\nargs:\n  - |\n    export PGPASSWORD='{value}'\n    exec psql -h db\n"),
    "script, and a copy": lambda value: not re.search("['\n]", value) and join(copy_of(value), workload(
        more=f"command: [sh, -c]\nargs:\n  - |\n    export PGPASSWORD='{value}'\n    exec psql -h db\n")),
    "an argument that tells nothing": lambda value: join(copy_of(value), workload(more=f"args:\n  - -x\n  - {double(value)}\n")),
    "inside of an argument": lambda value: join(copy_of(value), workload(more=f"args: [{double('a,' + value + ',b')}]\n")),
    "init container": lambda value: workload("- {name: A, value: b}\n").replace(
        "      containers:", f"      initContainers:\n        - name: init\n          image: example.org/init:1.0\n          args: [{double('--token=' + value)}]\n      containers:"),
}

ANNOTATIONS = {
    # Names of annotations say too little, so that they do not count; files in them do.
    "its name tells, and a copy": lambda value: join(annotation("example.org/api-token", double(value)), copy_of(value)),
    "configuration": lambda value: value.isalnum() and annotation(
        "nginx.ingress.kubernetes.io/configuration-snippet", "|\n" + textwrap.indent(f'proxy_set_header A b;\nproxy_set_header Authorization "Bearer {value}";\n', " " * 6)),
    "URL": lambda value: percent(value) and annotation("example.org/hook", f"https://bot:{percent(value)}@hooks.example.org/x"),
    "copy": lambda value: join(annotation("example.org/note", double(value)), copy_of(value)),
    "copy, of the pod": lambda value: join(annotation("example.org/note", literal(value, 14), True), copy_of(value)),
    "JSON": lambda value: join(annotation("example.org/note", single(json.dumps({"a": [value]}, ensure_ascii=False))), copy_of(value)),
    "folded": lambda value: folded(value) and join(annotation("example.org/note", folded(value, 6)), copy_of(value)),
    "broken line": lambda value: join(annotation("example.org/note", broken(value, 6)), copy_of(value)),
}

LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def label(before, behind=""):
    return lambda value: LABEL.fullmatch(value) and join(
        copy_of(value), f"apiVersion: v1\nkind: Service\nmetadata:\n  name: api\n  labels: {{app: api, note: {before}{value}{behind}}}\nspec: {{ports: [{{port: 80}}]}}\n")


LABELS = {
    "whole": label(""),
    "inside": label("a-", "-b"),
    "of the pod": lambda value: LABEL.fullmatch(value) and
        join(copy_of(value), workload().replace("labels: {app: api}", f"labels: {{app: api, note: {value}}}")),
    "a selector": lambda value: LABEL.fullmatch(value) and
        join(copy_of(value), workload().replace("matchLabels: {app: api}", f"matchLabels: {{app: {value}}}")),
    "a name": lambda value: value == value.lower() and LABEL.fullmatch(value) and join(copy_of(value), workload(name=value)),
}


def comment(value, indent=0):
    return textwrap.indent(textwrap.indent(value, "# "), " " * indent) + "\n"


COMMENTS = {
    "before the first document": lambda value: comment(value) + copy_of(value),
    "behind the last document": lambda value: copy_of(value) + "---\n" + comment(value),
    "of the document": lambda value: copy_of(value).replace("spec:\n", comment(f"password: {value}") + "spec:\n", 1),
    "inside of the list": lambda value:
        copy_of(value).replace("            - name: DB", comment(f"was: {value}", 12) + "            - name: DB"),
    "on the line": lambda value: one_line(value) and copy_of(value).replace("  name: owner\n", f"  name: owner # {value}\n", 1),
    "of a document that nobody is for": lambda value:
        join(copy_of(value), "apiVersion: v1\nkind: Namespace\nmetadata:\n" + comment(value, 2) + "  name: shop\n"),
}


def custom(text):
    return f"apiVersion: example.org/v1\nkind: Thing\nmetadata: {{name: a}}\nspec:\n  text: {text}\n"


def with_copy(encode):
    def form(value):
        encoded = encode(value)
        return None if encoded is None else join(copy_of(value), encoded)
    return form


def shifted(before, behind, encode=base64.b64encode):
    return with_copy(lambda value: custom(encode((before + value + behind).encode()).decode()))


BASE64 = {
    "whole": shifted("", ""),
    "in a longer text, first alignment": shifted("abc", ": and so on"),
    "in a longer text, second alignment": shifted("a", " and so on"),
    "in a longer text, third alignment": shifted("ab", "- and so on"),
    "for URLs": shifted("", "", base64.urlsafe_b64encode),
    "for URLs, third alignment": shifted("ab", "??>>", base64.urlsafe_b64encode),
    "without padding": with_copy(lambda value: custom(base64_of(value).rstrip("="))),
    "wrapped": with_copy(lambda value: custom(wrapped(base64_of("a text that goes before it, " * 2 + value + ", and one behind it"), 4))),
    "basic auth": with_copy(lambda value: custom("Basic " + base64_of("shop:" + value))),
    "of JSON": with_copy(lambda value: custom(base64_of(json.dumps({"a": value})))),
    "of a percent-encoded URL": with_copy(lambda value: percent(value) and custom(base64_of(DSNS["URL"](value)))),
    "a variable that tells nothing": with_copy(lambda value: workload(variable("BLOB", base64_of(value)))),
    "a ConfigMap that nobody reads": with_copy(lambda value: config({"blob": base64_of("a" + value)})),
    "binaryData": with_copy(lambda value: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\nbinaryData:\n  blob: " + base64_of("a" + value) + "\n"),
    "a comment": with_copy(lambda value: "# " + base64_of(value) + "\n" + custom("a")),
    "an annotation": with_copy(lambda value: annotation("example.org/blob", base64_of("ab" + value))),
    "an argument": with_copy(lambda value: workload(more=f"args: [{base64_of(value)}]\n")),
}


def percent_of_all(value):
    return "".join(f"%{byte:02X}" for byte in value.encode())


PERCENT = {
    "by the standard": lambda value: urllib.parse.quote(value, safe=""),
    "in small letters": lambda value: lower_percent(urllib.parse.quote(value, safe="")),
    "a form, with + for blanks": urllib.parse.quote_plus,
    "every byte": percent_of_all,
    "every second byte": lambda value:
        "".join(f"%{byte:02x}" if i % 2 or byte > 126 or byte < 33 else chr(byte) for i, byte in enumerate(value.replace("%", "X").encode()))
    if "%" not in value else None,
}

ESCAPED = {
    "JSON": lambda value: single(json.dumps(value)),
    "JSON in double quotes": lambda value: double(json.dumps(value)),
    "JSON in JSON": lambda value: double(json.dumps({"a": json.dumps({"b": value})})),
    "every character": every_character_escaped,
    "\\u of every character": lambda value: '"' + "".join(f"\\u{ord(c):04X}" for c in value) + '"',
    "single quotes": single,
    "literal": lambda value: literal(value, 4),
    "folded": lambda value: folded(value, 4),
    "broken line": lambda value: broken(value, 4),
    "literal inside of a text": lambda value: "|\n" + textwrap.indent(f"a line\nx={value};\na line\n", "    ").rstrip("\n"),
}


def of_table(kind, table, stream=lambda form, written, value: written, values=tuple(VALUES)):
    for form, write in table.items():
        for name in values:
            written = write(VALUES[name])
            if written:
                yield Place(kind, form, name, stream(form, written, VALUES[name]))


def in_variables():
    yield from of_table("variable", STYLES, lambda form, written, value: workload(variable("DB_PASSWORD", written)))
    for name, value in VALUES.items():
        entry = variable("API_TOKEN", double(value))
        yield Place("variable", "value before name", name, workload(f"- value: {double(value)}\n  name: API_TOKEN\n"))
        yield Place("variable", "flow", name, workload(f"- {{name: API_TOKEN, value: {double(value)}}} # of the team\n"))
        yield Place("variable", "CronJob", name, workload(entry, kind="CronJob"))
        yield Place("variable", "copy in another variable", name, join(copy_of(value), workload(variable("ALPHA", double(value)))))
        yield Place("variable", "copy inside of another variable", name, join(copy_of(value), workload(variable("ALPHA", double(f"-Da={value} -Db=1")))))
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": {"selector": {}, "template": {"spec": {
            "containers": [{"name": "api", "image": "api:1", "env": [{"name": "DB_PASSWORD", "value": value}]}]}}}}
        yield Place("variable", "JSON", name, json.dumps(deployment) + "\n")


def in_config_entries():
    for name, value in VALUES.items():
        for reader, reads in READERS.items():
            yield Place("ConfigMap entry", reader, name, join(config({"host": "db", "DB_PASSWORD": value}), reads("DB_PASSWORD")))
        yield Place("ConfigMap entry", "copy", name, join(config({"host": "db", "alpha": value}), READERS["envFrom"]("alpha"), copy_of(value)))


def in_files():
    for name, value in VALUES.items():
        for number, (file, write) in enumerate([*FILES.items(), *MUTE_FILES.items()]):
            content = write(value)
            if not content:
                continue
            reader = list(READERS)[4 + number % 4]
            stream = join(config({"host": "db", file: block(content)}), READERS[reader](file))
            # In files text with blanks could be prose, so that it counts only as a copy.
            copied = file in MUTE_FILES or (" " in value and "\n" not in value)
            yield Place("file", f"{file} ({reader})" + (" and a copy" if copied else ""), name, join(stream, copy_of(value)) if copied else stream)


def rewritten():
    yield from in_variables()
    yield from of_table("connection", DSNS, lambda form, written, value: workload(variable("STORAGE", double(written))))
    yield from in_config_entries()
    yield from in_files()
    yield from of_table("Secret", SECRETS, lambda form, written, value: join(written, READS_SECRET) if not written.startswith("{") else written)


def stopped():
    yield from of_table("argument", ARGUMENTS)
    yield from of_table("annotation", ANNOTATIONS)
    yield from of_table("label", LABELS)
    yield from of_table("comment", COMMENTS)
    yield from of_table("base64", BASE64)
    yield from of_table("percent-encoded", PERCENT, lambda form, written, value: join(copy_of(value), custom(double("https://example.com/?q=" + written + "&v=1"))))
    yield from of_table("escaped", ESCAPED, lambda form, written, value: join(copy_of(value), custom(written)))
