"""Commands about the drive itself: ready or not, who it is, what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.scsi import Asc, CheckCondition, SenseData, SenseKey
from burnlab.scsi.commands import Inquiry, ReportLuns, RequestSense, TestUnitReady
from burnlab.scsi.inquiry import StandardInquiry, device_identification, vital_product_data
from burnlab.scsi.mmc.commands import GetEventStatusNotification
from burnlab.scsi.mmc.events import (
    EventClass,
    MediaEvent,
    busy_event,
    media_event,
    notification,
    operational_event,
)

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

MEDIA_EVENT_BYTES = 8
SUPPORTED_PAGES, UNIT_SERIAL_NUMBER, DEVICE_IDENTIFICATION = 0x00, 0x80, 0x83


def test_unit_ready(_recorder: Recorder, _cdb: TestUnitReady, _call: Call) -> None:
    """The gates have said everything."""


def request_sense(recorder: Recorder, cdb: RequestSense, call: Call) -> bytes:
    """A pending unit attention, or why the drive is not ready and how far it has come, or nothing.

    Sense data are of fixed format only, as programs decode no other.
    """
    if cdb.desc:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    sense = call.nexus.next_attention() or recorder.not_ready(call.now)
    return (sense or SenseData(SenseKey.NO_SENSE)).pack()


def inquiry(recorder: Recorder, cdb: Inquiry, _call: Call) -> bytes:
    """Standard data, or the vital product data pages 00h, 80h and 83h."""
    model = recorder.model
    vendor, product, serial = (t.encode("ascii") for t in (model.vendor, model.product, model.serial))
    if not cdb.evpd:
        if cdb.page_code:
            raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
        return StandardInquiry(vendor=vendor, product=product, revision=model.revision.encode("ascii")).pack()
    pages = {
        SUPPORTED_PAGES: bytes((SUPPORTED_PAGES, UNIT_SERIAL_NUMBER, DEVICE_IDENTIFICATION)),
        UNIT_SERIAL_NUMBER: serial,
        DEVICE_IDENTIFICATION: device_identification(vendor, product, serial),
    }
    if cdb.page_code not in pages:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    return vital_product_data(cdb.page_code, pages[cdb.page_code])


def report_luns(_recorder: Recorder, cdb: ReportLuns, _call: Call) -> bytes:
    """One logical unit, number 0. SPC-4 (6.24) refuses allocation lengths below 16."""
    if cdb.select_report > 2 or cdb.allocation_length < 16:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    luns = b"" if cdb.select_report == 1 else bytes(8)
    return len(luns).to_bytes(4, "big") + bytes(4) + luns


def get_event_status_notification(recorder: Recorder, cdb: GetEventStatusNotification, call: Call) -> bytes:
    """The next event of the asked classes, media events first; each goes once to each initiator."""
    if not cdb.polled:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    wanted = {c for c in EventClass if cdb.class_request >> c & 1}
    events = call.nexus.media_events
    operation = recorder.operation
    if EventClass.MEDIA in wanted and (events or operation is None or EventClass.DEVICE_BUSY not in wanted):
        event = events[0] if events else MediaEvent.NO_CHANGE
        # An initiator that takes only the header has not seen the event: it stays for the next question.
        if events and min(cdb.allocation_length, call.task.data_in_bytes) >= MEDIA_EVENT_BYTES:
            events.popleft()
        return media_event(event, tray_open=recorder.tray_open, present=recorder.disc is not None)
    if EventClass.DEVICE_BUSY in wanted:
        progress = operation.progress(call.now) if operation is not None else 0
        return busy_event(busy=operation is not None, progress=progress)
    if EventClass.OPERATIONAL_CHANGE in wanted:
        return operational_event()
    return notification(None)
