"""What a medium refuses, in the words of SCSI: the one place where both meet."""

from __future__ import annotations

from burnlab.disc import DiscError, errors
from burnlab.scsi import Asc, SenseData, SenseKey

REFUSALS: dict[type[DiscError], tuple[SenseKey, Asc]] = {
    errors.NotRecordable: (SenseKey.ILLEGAL_REQUEST, Asc.CANNOT_WRITE_INCOMPATIBLE_MEDIUM),
    errors.NotWritable: (SenseKey.DATA_PROTECT, Asc.WRITE_PROTECTED),
    errors.CannotErase: (SenseKey.ILLEGAL_REQUEST, Asc.INCOMPATIBLE_MEDIUM),
    errors.CannotFormat: (SenseKey.ILLEGAL_REQUEST, Asc.CANNOT_FORMAT_INCOMPATIBLE_MEDIUM),
    errors.BadFormat: (SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_PARAMETER_LIST),
    errors.NotFormatted: (SenseKey.ILLEGAL_REQUEST, Asc.CANNOT_WRITE_INCOMPATIBLE_MEDIUM),
    errors.Unaligned: (SenseKey.ILLEGAL_REQUEST, Asc.INVALID_PACKET_SIZE),
    errors.NotNextWritable: (SenseKey.ILLEGAL_REQUEST, Asc.INVALID_ADDRESS_FOR_WRITE),
    errors.BeyondEnd: (SenseKey.ILLEGAL_REQUEST, Asc.END_OF_USER_AREA),
    errors.OutOfRange: (SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE),
    errors.NotRecorded: (SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE),
    errors.WrongWriteType: (SenseKey.ILLEGAL_REQUEST, Asc.ILLEGAL_MODE_FOR_THIS_TRACK),
    errors.NoCueSheet: (SenseKey.ILLEGAL_REQUEST, Asc.COMMAND_SEQUENCE_ERROR),
    errors.WrongSectorForm: (SenseKey.ILLEGAL_REQUEST, Asc.ILLEGAL_MODE_FOR_THIS_TRACK),
    errors.NotAtOnceReadable: (SenseKey.ILLEGAL_REQUEST, Asc.COMMAND_SEQUENCE_ERROR),
    errors.NoSuchTrack: (SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB),
    errors.NotReserved: (SenseKey.ILLEGAL_REQUEST, Asc.COMMAND_SEQUENCE_ERROR),
    errors.CannotReserve: (SenseKey.ILLEGAL_REQUEST, Asc.NO_MORE_TRACK_RESERVATIONS),
    errors.IncompleteTrack: (SenseKey.ILLEGAL_REQUEST, Asc.INCOMPLETE_TRACK_IN_SESSION),
    errors.SurfaceFailure: (SenseKey.MEDIUM_ERROR, Asc.WRITE_ERROR),
}


def sense_of(refusal: DiscError) -> SenseData:
    """Sense data for a refusal; one that nobody foresaw is an internal failure."""
    key, asc = REFUSALS.get(type(refusal), (SenseKey.HARDWARE_ERROR, Asc.INTERNAL_FAILURE))
    return SenseData.of(key, asc)
