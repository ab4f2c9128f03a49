"""Starts the server of moto, made fast for the thousands of calls of a test run. What it answers does not change.

Measured with 150 accounts, these took most of the server's time:
- it lists the folders of all services for each request, one request at a time;
- it writes a line of log for each request, and closes each connection;
- it copies the whole table before a transaction of DynamoDB, to be able to take it back;
- it looks for each of the ten types of value, under several names, in each attribute that DynamoDB answers;
- it sorts the whole table for each query of DynamoDB, before it looks for the items of the query's partition;
- it measures an item of DynamoDB anew with each of its attributes, and makes each value of a map anew to measure it;
- it copies each value of an item, with all that is in it, before it writes it as JSON, and again each value that is in it;
- it takes each condition of DynamoDB apart twice for each request;
- it counts all messages of a queue of SQS several times for each message that is sent or received.
"""

import copy
import functools
import io
import sys
import threading
import traceback
from collections import deque
from types import SimpleNamespace

from moto import server
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import models as dynamodb
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import bytesize
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.sqs import models as sqs
from werkzeug.serving import WSGIRequestHandler

# The service of a host name never changes.
DomainDispatcherApplication.get_backend_for_host = functools.lru_cache(maxsize=None)(
    DomainDispatcherApplication.get_backend_for_host
)


class KeepsConnections(WSGIRequestHandler):
    """Answers many requests on one connection. Werkzeug's own closes it after each, since it does not know whether a service has read
    the whole body: here it is read before."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True

    def run_wsgi(self):
        self.environ = self.make_environ()
        chunked = self.environ.get("wsgi.input_terminated")
        length = -1 if chunked else int(self.headers.get("Content-Length") or 0)
        self.environ["wsgi.input"] = io.BytesIO(self.environ["wsgi.input"].read(length))
        started = {}

        def start_response(status, headers, exc_info=None):
            started.update(status=status, headers=headers)

        try:
            body = b"".join(self.server.app(self.environ, start_response))
        except Exception:
            self.server.log("error", traceback.format_exc())
            started = {"status": "500 INTERNAL SERVER ERROR", "headers": []}
            body = b""
        code, message = started["status"].split(" ", 1)
        self.send_response(int(code), message)
        for name, value in started["headers"]:
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, *_):
        """Failures are still written. The gateway records the calls."""


server.run_simple = functools.partial(server.run_simple, request_handler=KeepsConnections)

_transaction = threading.local()
_write_all = dynamodb.DynamoDBBackend.transact_write_items


def _transact_write_items(self, transact_items):
    _transaction.operations = [operation for item in transact_items for operation in item.values()]
    return _write_all(self, transact_items)


def _copied(value):
    """A copy of an item; of a table, one that shares with it what the transaction does not write to."""
    if not isinstance(value, Table) or value.stream_shard is not None:
        return copy.deepcopy(value)
    kept = copy.copy(value)
    kept.items = copy.copy(value.items)
    for operation in _transaction.operations:
        if operation.get("TableName") == value.name:
            _unshare(kept, value, operation.get("Key") or operation.get("Item", {}))
    return kept


def _unshare(kept, table, key):
    """Copies the item with this key, which a put replaces and an update changes in its place."""
    if table.hash_key_attr not in key:
        return
    of_hash = DynamoType(key[table.hash_key_attr])
    if of_hash not in table.items:
        return
    if not table.has_range_key:
        kept.items[of_hash] = copy.deepcopy(table.items[of_hash])
        return
    if kept.items[of_hash] is table.items[of_hash]:
        kept.items[of_hash] = dict(table.items[of_hash])
    if table.range_key_attr not in key:
        return
    of_range = DynamoType(key[table.range_key_attr])
    if of_range in table.items[of_hash]:
        kept.items[of_hash][of_range] = copy.deepcopy(table.items[of_hash][of_range])


dynamodb.DynamoDBBackend.transact_write_items = _transact_write_items
dynamodb.copy = SimpleNamespace(deepcopy=_copied)

_serialize_structure = BaseJSONSerializer._serialize_type_structure


def _serialize_type_structure(self, serialized, value, shape, key):
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        _serialize_structure(self, serialized, value, shape, key)
        return
    found = {}
    for name, member in value.items():
        if member is not None and name in shape.members:
            self._serialize(found, member, shape.members[name], name)
    self._default_serialize(serialized, found, shape, key)


BaseJSONSerializer._serialize_type_structure = _serialize_type_structure

_queried = threading.local()
_query = Table.query
_all_items = Table.all_items


def _query_partition(self, hash_key, *args, **options):
    index = args[6] if len(args) > 6 else options.get("index_name")
    _queried.by = (self, hash_key, index, options.get("hash_key_conditions"))
    try:
        return _query(self, hash_key, *args, **options)
    finally:
        _queried.by = None


def _items(self):
    """All items; during a query those that it may find, in the same order."""
    table, hash_key, index, conditions = getattr(_queried, "by", None) or (None, None, None, None)
    if table is not self or (index is not None and not conditions):
        return _all_items(self)
    if index is None:
        items = _of_hash(self, self.items[hash_key]) if hash_key in self.items else []
    else:
        items = [
            item
            for one in self.items.values()
            for item in _of_hash(self, one)
            if all(name in item.attrs and item.attrs[name] == value for name, value in conditions)
        ]
    return sorted(items, key=lambda item: (item.hash_key, item.range_key) if item.range_key else item.hash_key)


def _of_hash(table, one):
    return list(one.values()) if table.range_key_attr else [one]


Table.query = _query_partition
Table.all_items = _items

_size = DynamoType.size


def _size_of(self):
    if not self.is_map():
        return _size(self)
    values = ((name, value if type(value) is DynamoType else DynamoType(value)) for name, value in self.value.items())
    return sum(bytesize(name) + value.size() for name, value in values)


def _make_item(self, hash_key, range_key, attrs):
    """The last attribute is set as moto sets each: together with all others it must not exceed the limit. An update that makes an item
    begins with one that has none."""
    self.hash_key = hash_key
    self.range_key = range_key
    self.attrs = LimitedSizeDict()
    values = {name: DynamoType(value) for name, value in attrs.items()}
    if not values:
        return
    last, value = values.popitem()
    dict.update(self.attrs, values)
    self.attrs[last] = value


DynamoType.size = _size_of
Item.__init__ = _make_item

_regular_json = DynamoType.to_regular_json


def _to_regular_json(self):
    if self.is_map():
        values = self.value.items()
        return {self.type: {name: _written(value) for name, value in values}}
    if self.is_list():
        return {self.type: [_written(value) for value in self.value]}
    return _regular_json(self)


def _written(value):
    return value.to_regular_json() if isinstance(value, DynamoType) else copy.deepcopy(value)


DynamoType.to_regular_json = _to_regular_json

_words_of = ConditionExpressionParser._lex_condition_expression


@functools.lru_cache(maxsize=1000)
def _words(condition):
    return tuple(_words_of(ConditionExpressionParser(condition, None, None)))


# Whoever parses the words takes them away one by one, and changes none.
ConditionExpressionParser._lex_condition_expression = lambda self: deque(_words(self.condition_expression))

_message = threading.local()


def _without_counting(method):
    """Sending and receiving look at attributes of the queue, but not at the numbers of its messages, which are among them."""

    @functools.wraps(method)
    def send_or_receive(*args, **options):
        before = getattr(_message, "moves", False)
        _message.moves = True
        try:
            return method(*args, **options)
        finally:
            _message.moves = before

    return send_or_receive


def _unless_moving(count):
    return property(lambda queue: 0 if getattr(_message, "moves", False) else count.fget(queue))


for _name in ("send_message", "send_message_batch", "receive_message"):
    setattr(sqs.SQSBackend, _name, _without_counting(getattr(sqs.SQSBackend, _name)))
for _name in ("", "_delayed", "_not_visible"):
    _name = f"approximate_number_of_messages{_name}"
    setattr(sqs.Queue, _name, _unless_moving(getattr(sqs.Queue, _name)))
sqs.camelcase_to_underscores = functools.lru_cache(maxsize=None)(sqs.camelcase_to_underscores)

if __name__ == "__main__":
    sys.exit(server.main())
