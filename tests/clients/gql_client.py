"""Python's gql, over HTTP and WebSocket: python gql_client.py '{"http":URL,"ws":URL,"token":TOKEN,"customer":ID}'"""

import asyncio
import base64
import io
import json
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

QUERY = gql("query One($id: ID!) { customer(id: $id) { id version externalReference } }")
MUTATION = gql(
    """mutation Change($input: CustomerUpdateInput!) {
    customerUpdate(input: $input) { customer { id externalReference } userErrors { field message } } }"""
)
UPLOAD = gql(
    """mutation Send($input: DocumentUploadInput!) {
    documentUpload(input: $input) { document { id title } userErrors { field message } } }"""
)
SUBSCRIPTION = gql("subscription Hear($id: ID!) { customerChanged(id: $id) { id externalReference } }")

# One pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def same(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")
    print(f"ok {what}")


class Picture(io.BytesIO):
    """A file as gql sends it: with a name and a type."""

    name = "pixel.png"
    content_type = "image/png"


async def main(world):
    customer = world["customer"]
    bearer = f"Bearer {world['token']}"
    headers = {"Authorization": bearer, "GraphQL-Require-Preflight": "1"}
    http = Client(transport=AIOHTTPTransport(url=world["http"], headers=headers))
    socket = Client(transport=WebsocketsTransport(url=world["ws"], init_payload={"Authorization": bearer}))
    async with http as asking, socket as listening:
        read = await asking.execute(QUERY, {"id": customer})
        same(read["customer"]["id"], customer, "gql: query")

        async def change(reference):
            version = (await asking.execute(QUERY, {"id": customer}))["customer"]["version"]
            sent = {"id": customer, "externalReference": reference, "version": version}
            changed = await asking.execute(MUTATION, {"input": sent})
            return changed["customerUpdate"]["customer"]["externalReference"]

        same(await change("gql"), "gql", "gql: mutation")
        file = Picture(base64.b64decode(PNG))
        sent = {"customerId": customer, "title": "By gql", "type": "OTHER", "file": file}
        sent = await asking.execute(UPLOAD, {"input": sent}, upload_files=True)
        same(sent["documentUpload"]["document"]["title"], "By gql", "gql: upload")

        # The server says nothing when a subscription begins: it is changed until it is heard.
        async def keep_changing():
            number = 0
            while True:
                await change(f"gql-live-{number}")
                number += 1
                await asyncio.sleep(0.1)

        changing = asyncio.create_task(keep_changing())
        async with asyncio.timeout(30):
            async for event in listening.subscribe(SUBSCRIPTION, {"id": customer}):
                told = event["customerChanged"]
                same((told["id"], told["externalReference"][:8]), (customer, "gql-live"), "gql: subscription")
                break
        changing.cancel()


asyncio.run(main(json.loads(sys.argv[1])))
