"""Prints what two published packages say of Anthropic's prices on a day, as one JSON list of facts.

usage: extract.py LITELLM_WHEEL GENAI_PRICES_WHEEL YEAR-MONTH-DAY

A fact has source, model, key and value; prices are decimals in quotes, US dollars per million tokens. The packages are
read and not imported: one is JSON, and of the other only the data file is run, with classes that keep what they are given.
"""

import datetime
import json
import re
import sys
import types
import zipfile
from decimal import Decimal

MILLION = Decimal(1_000_000)
SNAPSHOT = re.compile(r"-\d{8}$")

LITELLM = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
}
GENAI = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}


def plain(value):
    text = format(value.normalize(), "f")
    return text


def litellm(path):
    with zipfile.ZipFile(path) as wheel:
        text = wheel.read("litellm/model_prices_and_context_window_backup.json")
    for model, said in json.loads(text, parse_float=Decimal).items():
        if said.get("litellm_provider") != "anthropic" or SNAPSHOT.search(model):
            continue
        for key, name in LITELLM.items():
            if name in said:
                yield model, key, plain(Decimal(said[name]) * MILLION)
            for field, value in said.items():
                tier = re.fullmatch(re.escape(name) + r"_above_(\d+)k_tokens", field)
                if tier:
                    yield model, "over." + key, plain(Decimal(value) * MILLION)
                    if key == "input":
                        yield model, "over.prompt_gt", str(int(tier[1]) * 1000)
        special = said.get("provider_specific_entry", {})
        if "us" in special:
            yield model, "geo_us", plain(Decimal(special["us"]))
        if "fast" in special and "input_cost_per_token" in said:
            fast = Decimal(said["input_cost_per_token"]) * MILLION * Decimal(special["fast"])
            yield model, "fast.input", plain(fast)
        search = said.get("search_context_cost_per_query", {}).get("search_context_size_medium")
        if search is not None:
            yield model, "web_search", plain(Decimal(search) * 1000)


class Names(dict):
    """Every name that the data file uses and does not define is a class that keeps its arguments."""

    def __missing__(self, name):
        if name.startswith("__"):
            raise KeyError(name)
        return lambda *given, **named: types.SimpleNamespace(kind=name, **named)


def genai_providers(path):
    with zipfile.ZipFile(path) as wheel:
        source = wheel.read("genai_prices/data.py").decode()
    source = source.replace("from .types import *", "from builtins import list")
    names = Names(datetime=datetime, Decimal=Decimal, list=list)
    # Annotations name classes, too; nobody needs what they say.
    exec(compile("from __future__ import annotations\n" + source, "data.py", "exec"), names)
    return names["providers"]


def counts_on(prices, day):
    if not isinstance(prices, list):
        return prices
    begun = [one for one in prices if getattr(one, "constraint", None) is None or one.constraint.start_date <= day]
    return begun[-1].prices


def genai(path, day):
    provider = next(one for one in genai_providers(path) if one.id == "anthropic")
    for model in provider.models:
        prices = counts_on(model.prices, day)
        for key, name in GENAI.items():
            value = getattr(prices, name, None)
            if value is None:
                continue
            if isinstance(value, Decimal):
                yield model.id, key, plain(value)
                continue
            yield model.id, key, plain(value.base)
            yield model.id, "over." + key, plain(value.tiers[0].price)
            if key == "input":
                yield model.id, "over.prompt_gt", str(value.tiers[0].start)
        if hasattr(prices, "web_searches_kcount"):
            yield model.id, "web_search", plain(prices.web_searches_kcount)
        for variant in getattr(model, "price_variants", []):
            if variant.when == {"speed": "fast"}:
                for key, name in GENAI.items():
                    if hasattr(variant.prices, name):
                        yield model.id, "fast." + key, plain(getattr(variant.prices, name))


def main():
    litellm_wheel, genai_wheel, day = sys.argv[1:]
    day = datetime.date.fromisoformat(day)
    facts = [("litellm", *fact) for fact in litellm(litellm_wheel)]
    facts += [("genai-prices", *fact) for fact in genai(genai_wheel, day)]
    json.dump([dict(zip(("source", "model", "key", "value"), fact)) for fact in facts], sys.stdout)


main()
