# nixpkgs' name of a module -> Debian's package, the name to import, the name of the distribution (for its commands).
# What is not said follows Debian's rule: python3-NAME, import NAME.
{ lib }:
let
  plain = name: { apt = "python3-${name}"; import = lib.replaceStrings [ "-" ] [ "_" ] name; dist = name; };
  differing = {
    argon2-cffi = { apt = "python3-argon2"; import = "argon2"; };
    attrs = { apt = "python3-attr"; import = "attr"; };
    beautifulsoup4 = { apt = "python3-bs4"; import = "bs4"; };
    django-cors-headers = { import = "corsheaders"; };
    django-debug-toolbar = { import = "debug_toolbar"; };
    djangorestframework = { import = "rest_framework"; };
    dnspython = { import = "dns"; };
    flask-wtf = { apt = "python3-flaskext.wtf"; };
    gitpython = { apt = "python3-git"; import = "git"; };
    mysqlclient = { apt = "python3-mysqldb"; import = "MySQLdb"; };
    pillow = { apt = "python3-pil"; import = "PIL"; };
    protobuf = { import = "google.protobuf"; };
    pycryptodome = { import = "Cryptodome"; };
    pyjwt = { apt = "python3-jwt"; import = "jwt"; };
    python-dateutil = { apt = "python3-dateutil"; import = "dateutil"; };
    python-dotenv = { apt = "python3-dotenv"; import = "dotenv"; };
    python-multipart = { apt = "python3-multipart"; import = "multipart"; };
    pytz = { apt = "python3-tz"; };
    pyyaml = { apt = "python3-yaml"; import = "yaml"; };
    pynacl = { apt = "python3-nacl"; import = "nacl"; };
    pyzmq = { apt = "python3-zmq"; import = "zmq"; };
    websocket-client = { apt = "python3-websocket"; import = "websocket"; };
  };
  same = [
    "aiofiles" "aiohttp" "alembic" "anyio" "asgiref" "asyncpg" "babel" "bcrypt" "bleach" "blinker" "boto3"
    "bottle" "brotli" "cachetools" "celery" "certifi" "cffi" "chardet" "click" "cryptography" "decorator" "defusedxml"
    "django" "django-redis" "docutils" "ecdsa" "email-validator" "eventlet" "fastapi" "feedparser" "filelock" "flask" "flask-login" "flask-sqlalchemy" "gevent" "greenlet" "gunicorn"
    "h11" "html5lib" "httptools" "httpx" "humanize" "icalendar" "idna" "itsdangerous" "jinja2" "jsonschema" "kombu" "ldap3" "lxml"
    "mako" "markdown" "markupsafe" "marshmallow" "matplotlib" "mistune" "msgpack" "mypy" "networkx" "numpy" "oauthlib"
    "packaging" "pandas" "paramiko" "passlib" "peewee" "pip" "ply" "prometheus-client" "psutil" "psycopg" "psycopg2" "pyasn1" "pycparser"
    "pydantic" "pygments" "pymysql" "pyparsing" "pytest" "qrcode" "redis" "regex" "requests" "requests-oauthlib"
    "rich" "scipy" "setuptools" "sentry-sdk" "simplejson" "six" "sniffio" "sqlalchemy" "sqlparse" "starlette" "tenacity" "toml" "tomli" "tornado"
    "tqdm" "typer" "typing-extensions" "tzlocal" "ujson" "unidecode" "urllib3" "uvicorn" "uvloop" "vobject" "waitress" "watchdog"
    "webencodings" "websockets" "werkzeug" "wheel" "whitenoise" "wtforms" "xmltodict" "yarl" "zipp"
  ];
in
lib.mapAttrs (name: facts: plain name // facts) (lib.genAttrs same (_: { }) // differing)
