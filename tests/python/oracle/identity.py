"""Who is who: merged customers, excluded ones, and the person behind an event."""

from collections.abc import Iterable

from oracle.settings import Row


class Identity:
    """The customers that stand for others, and those left out."""

    def __init__(self, merges: Iterable[Row], exclusions: Iterable[Row]) -> None:
        self._links: dict[str, str] = {}
        for merge in merges:
            if merge["from_customer_id"] is not None and merge["to_customer_id"] is not None:
                self._links[merge["from_customer_id"]] = merge["to_customer_id"]
        self.excluded = {self.canonical(row["customer_id"]) for row in exclusions} - {None}

    def canonical(self, customer_id: str | None) -> str | None:
        """Follow the links to the end of the chain, or to the smallest id on its cycle."""
        if customer_id is None:
            return None
        walk = [customer_id]
        while walk[-1] in self._links:
            target = self._links[walk[-1]]
            if target in walk:
                cycle = walk[walk.index(target) :]
                return min(cycle)
            walk.append(target)
        return walk[-1]


def _order_of(event: Row) -> tuple:
    return (event["occurred_at"], event["event_id"])


def persons(events: list[Row], identity: Identity) -> list[str | None]:
    """Name the person of each event, in the order given; excluded ones are still named."""
    identified: dict[str, list[Row]] = {}
    for event in sorted(events, key=_order_of):
        if event["anonymous_id"] is not None and event["customer_id"] is not None:
            identified.setdefault(event["anonymous_id"], []).append(event)

    names: list[str | None] = []
    for event in events:
        anonymous_id = event["anonymous_id"]
        if event["customer_id"] is not None:
            names.append(identity.canonical(event["customer_id"]))
            continue
        if anonymous_id is None:
            names.append(None)
            continue
        same_visitor = identified.get(anonymous_id, [])
        after = [other for other in same_visitor if _order_of(other) > _order_of(event)]
        before = [other for other in same_visitor if _order_of(other) < _order_of(event)]
        if after:
            names.append(identity.canonical(after[0]["customer_id"]))
        elif before:
            names.append(identity.canonical(before[-1]["customer_id"]))
        else:
            names.append("anon:" + anonymous_id)
    return names
