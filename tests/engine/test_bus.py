"""Events reach every listener."""

import logging

from jupyter_mlpipe.engine.bus import EventBus
from jupyter_mlpipe.model.events import StepStarted

EVENT = StepStarted("run", "load", None, 1.0)


def test_every_listener_hears_an_event_in_order():
    bus, heard = EventBus(), []
    bus.subscribe(lambda event: heard.append(("first", event)))
    bus.subscribe(lambda event: heard.append(("second", event)))
    bus.publish(EVENT)
    assert heard == [("first", EVENT), ("second", EVENT)]


def test_a_listener_that_fails_keeps_nobody_from_hearing(caplog):
    bus, heard = EventBus(), []
    bus.subscribe(lambda event: 1 / 0)
    bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(EVENT)
    assert heard == [EVENT]
    assert "ZeroDivisionError" in caplog.text


def test_whoever_unsubscribes_hears_no_more():
    bus, heard = EventBus(), []
    leave = bus.subscribe(heard.append)
    leave()
    bus.publish(EVENT)
    assert heard == []
