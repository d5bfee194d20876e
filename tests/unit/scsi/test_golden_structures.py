"""Answers and parameter lists, byte by byte: offsets of the recorder's contract, bytes of real programs."""

from __future__ import annotations

import pytest

from burnlab.scsi.inquiry import StandardInquiry, device_identification, vital_product_data
from burnlab.scsi.mmc.disc_info import DiscInformation, TrackInformation
from burnlab.scsi.mmc.events import MediaEvent, busy_event, media_event, notification, operational_event
from burnlab.scsi.mmc.features import (
    Configuration,
    FeatureDescriptor,
    dvd_r_rw_write,
    incremental_streaming,
    profile_list,
)
from burnlab.scsi.mmc.formats import CapacityType, FormatCapacities, FormattableCapacity
from burnlab.scsi.mmc.mode_pages import (
    CapabilitiesPage,
    ErrorRecoveryPage,
    WriteParametersPage,
    iter_pages,
    mode_list_6,
    mode_list_10,
)
from burnlab.scsi.mmc.structures import (
    BufferCapacity,
    MechanismStatusHeader,
    NominalPerformance,
    PhysicalFormat,
    StreamingParameters,
    WriteSpeed,
    disc_structure,
    performance,
    pre_recorded_information,
)
from burnlab.scsi.mmc.toc import TocTrack, formatted_toc, msf, session_toc


def test_standard_inquiry() -> None:
    raw = bytes.fromhex("058005021f000000") + b"Optiarc BD RW BD-5300S  1.04"
    found = StandardInquiry.unpack(raw)
    assert (found.vendor, found.product, found.revision) == (b"Optiarc ", b"BD RW BD-5300S  ", b"1.04")
    assert found.removable
    assert found.pack() == raw


def test_vital_product_data() -> None:
    assert vital_product_data(0, b"\x00\x80\x83") == bytes.fromhex("05000003008083")
    designator = device_identification(b"Optiarc", b"BD", b"S1")
    assert designator == b"\x02\x01\x00\x1a" + b"Optiarc " + b"BD".ljust(16) + b"S1"


def test_disc_information_bit_by_bit() -> None:
    raw = bytearray(34)
    raw[1] = 0x20
    raw[2] = 0x11  # erasable, last session empty, appendable
    raw[3] = 1
    raw[4], raw[9] = 0x2D, 0x01  # 301 sessions
    raw[5], raw[10] = 0x2E, 0x01
    raw[6], raw[11] = 0x2F, 0x01
    raw[7] = 0x22  # URU, background format 2
    raw[16:20] = raw[20:24] = b"\xff\xff\xff\xff"
    expected = DiscInformation(
        erasable=True,
        last_session_state=0,
        status=1,
        sessions=301,
        first_track_in_last_session=302,
        last_track_in_last_session=303,
        unrestricted_use=True,
        background_format=2,
        last_lead_in_start=0xFFFFFFFF,
        last_possible_lead_out=0xFFFFFFFF,
    )
    assert DiscInformation.unpack(raw) == expected
    assert expected.pack() == bytes(raw)


@pytest.mark.parametrize(
    ("byte", "state", "status", "erasable"),
    [(0x10, 0, 0, True), (0x11, 0, 1, True), (0x15, 1, 1, True), (0x1E, 3, 2, True), (0x0E, 3, 2, False)],
)
def test_states_of_byte_2(byte: int, state: int, status: int, erasable: bool) -> None:
    packed = DiscInformation(erasable=erasable, last_session_state=state, status=status).pack()
    assert packed[2] == byte
    assert packed[0:2] == b"\x00\x20"


def test_track_information_bit_by_bit() -> None:
    # Linux and libburn read these; the numbers are those of the scenario's second session.
    raw = bytearray(36)
    raw[1] = 0x22
    raw[2], raw[32] = 0x02, 0x01  # track 258
    raw[3], raw[33] = 0x03, 0x01  # session 259
    raw[5] = 0x25  # damage, mode 5
    raw[6] = 0x61  # blank, packet, data mode 1
    raw[7] = 0x03  # NWA and LRA valid
    raw[8:12] = (135488).to_bytes(4, "big")
    raw[12:16] = (135504).to_bytes(4, "big")
    raw[16:20] = (2162992).to_bytes(4, "big")
    raw[20:24] = (16).to_bytes(4, "big")
    raw[24:28] = (2163008).to_bytes(4, "big")
    raw[28:32] = (135503).to_bytes(4, "big")
    expected = TrackInformation(
        track=258,
        session=259,
        damage=True,
        track_mode=5,
        blank=True,
        packet=True,
        nwa_valid=True,
        last_recorded_valid=True,
        start=135488,
        next_writable=135504,
        free_blocks=2162992,
        packet_size=16,
        size=2163008,
        last_recorded=135503,
    )
    assert TrackInformation.unpack(raw) == expected
    assert expected.pack() == bytes(raw)
    assert TrackInformation(reserved_track=True, data_mode=0).pack()[6] == 0x80
    assert TrackInformation(fixed_packet=True, data_mode=0).pack()[6] == 0x10
    assert TrackInformation(copy=True).pack()[5] == 0x10


def test_events() -> None:
    # 4A answers as Linux reads them: length, class 4, media code, door and medium.
    assert media_event(MediaEvent.NEW_MEDIA, tray_open=False, present=True)[4:] == b"\x02\x02\0\0"
    assert media_event(MediaEvent.MEDIA_REMOVAL, tray_open=True, present=False)[4:] == b"\x03\x01\0\0"
    head = media_event(MediaEvent.NO_CHANGE, tray_open=False, present=False)[0:4]
    assert head[0:3] == b"\x00\x06\x04"
    assert head[3] & 0x10
    assert notification(None)[0:3] == b"\x00\x02\x80"
    assert busy_event(busy=True, progress=0x1234)[2:] == bytes((6, head[3], 0, 1, 0x12, 0x34))
    assert operational_event()[2] == 1


def test_configuration() -> None:
    # Feature 0021h as growisofs reads it: [7] number of link sizes, [8] the first one.
    feature = FeatureDescriptor(0x21, incremental_streaming(0x0100, (16,)), version=1, current=True)
    assert feature.pack() == bytes.fromhex("002105080100010110000000")
    configuration = Configuration(0x14, (FeatureDescriptor(0, profile_list((0x14, 0x10), 0x14)), feature))
    raw = configuration.pack()
    assert raw[0:8] == bytes.fromhex("0000001c00000014")
    assert raw[8:20] == bytes.fromhex("00000008" + "00140100" + "00100000")
    assert Configuration.unpack(raw) == configuration
    assert Configuration.unpack(raw + b"\xff" * 20) == configuration
    assert FeatureDescriptor(1, persistent=True, version=2, current=True).pack() == bytes.fromhex("00010b00")


def test_a_configuration_that_is_cut_ends_the_list() -> None:
    raw = Configuration(0x14, (FeatureDescriptor(0, bytes(8)), FeatureDescriptor(1, bytes(4)))).pack()
    assert [f.code for f in Configuration.unpack(raw[:-1]).features] == [0]
    assert Configuration.unpack(raw[:9]).features == ()


def test_dvd_r_rw_write() -> None:
    data = dvd_r_rw_write(buffer_underrun_free=True, test_write=True, dvd_rw=True, dual_layer=False)
    assert data == b"\x46\0\0\0"


def test_format_capacities() -> None:
    # 23h on a blank DVD-RW, as libburn read it: header, current size of type 1, then formats 00h, 10h, 15h.
    raw = bytes.fromhex("000000200023128001000800002310200000080000231020400000100023102054000010")
    found = FormatCapacities.unpack(raw)
    assert (found.current_blocks, found.current_type) == (2298496, CapacityType.UNFORMATTED)
    assert [(f.blocks, f.format_type, f.parameter) for f in found.formattable] == [
        (2297888, 0x00, 2048),
        (2297888, 0x10, 16),
        (2297888, 0x15, 16),
    ]
    assert found.pack() == raw
    assert FormattableCapacity(65536, 0x15, 16).pack() == bytes.fromhex("0001000054000010")


def test_write_parameters_of_libburn() -> None:
    # 55h of libburn 1.5.4 for a session that stays open, for one that closes the disc, and for DAO.
    lists = {
        "053260e508100000000000000010": (0, 3, True),
        "0532602508100000000000000010": (0, 0, True),
        "0532420508000000000000000000": (2, 0, False),
    }
    for raw, (write_type, multi, fixed) in lists.items():
        page = WriteParametersPage.unpack(bytes.fromhex(raw).ljust(52, b"\0"))
        assert page.buffer_underrun_free
        assert not page.test_write
        assert (page.write_type, page.multi_session, page.fixed_packet) == (write_type, multi, fixed)
        assert page.track_mode == 5
        assert page.data_block_type == 8
        assert page.link_size == (16 if fixed else 0)
        assert page.packet_size == (16 if fixed else 0)
        assert page.pack()[:14] == bytes.fromhex(raw)
    assert WriteParametersPage.unpack(b"\x05\x32\x10" + bytes(49)).test_write
    assert WriteParametersPage().pack()[14:16] == b"\x00\x96", "150 blocks of pause"


def test_other_pages() -> None:
    assert ErrorRecoveryPage(0xC0, 0x20).pack() == bytes.fromhex("010ac0200000000000000000")
    page = CapabilitiesPage(
        read_capabilities=0x3F,
        write_capabilities=0x37,
        maximum_read_kbps=22160,
        buffer_kib=4096,
        maximum_write_kbps=8310,
        current_write_kbps=5540,
        selected_write_kbps=5540,
    ).pack_with((8310, 5540))
    assert len(page) == page[1] + 2 == 40
    assert page[2:4] == b"\x3f\x37"
    assert page[8:10] == (22160).to_bytes(2, "big")
    assert page[12:14] == (4096).to_bytes(2, "big")
    assert page[18:20] == (8310).to_bytes(2, "big")
    assert page[20:22] == page[28:30] == (5540).to_bytes(2, "big")
    assert page[30:32] == b"\x00\x02"
    assert page[32:40] == b"\0\0" + (8310).to_bytes(2, "big") + b"\0\0" + (5540).to_bytes(2, "big")


def test_mode_lists() -> None:
    assert mode_list_10(b"\x05\x02ab") == bytes.fromhex("000a000000000000") + b"\x05\x02ab"
    assert mode_list_6(b"\x05\x02ab") == bytes.fromhex("07000000") + b"\x05\x02ab"
    assert list(iter_pages(mode_list_10(b"\x05\x02ab\x01\x01x"), 8)) == [b"\x05\x02ab", b"\x01\x01x"]
    # wodim: header and a block descriptor, no page.
    assert list(iter_pages(bytes.fromhex("00000000000000080000000000000800"), 8)) == []
    assert list(iter_pages(bytes.fromhex("000000080000000000000800"), 4)) == []
    for broken in (b"\0", bytes(8) + b"\x05", bytes(8) + b"\x05\x03ab", b"\0\0\0\0\0\0\0\x09" + bytes(8)):
        with pytest.raises(ValueError, match="short"):
            list(iter_pages(broken, 8))


def test_streaming_parameters_of_libburn() -> None:
    raw = bytes.fromhex("00000000000000000023127f000081d8000003e800005690000003e8")
    found = StreamingParameters.unpack(raw)
    assert (found.start_lba, found.end_lba) == (0, 2298495)
    assert (found.read_kbps, found.write_kbps) == (33240, 22160)
    assert found.pack() == raw
    assert StreamingParameters().write_kbps == StreamingParameters().read_kbps == 0
    assert StreamingParameters(exact=True).pack()[0] == 0x02
    assert StreamingParameters(restore_defaults=True).pack()[0] == 0x01


def test_performance() -> None:
    raw = performance([WriteSpeed(end_lba=2298495, read_kbps=22160, write_kbps=5540)] * 2, 1, write=False)
    assert raw == bytes.fromhex("0000002400000000000000000023127f00005690000015a4")
    raw = performance([NominalPerformance(0, 5540, 2298495, 22160)], 4, write=True)
    assert raw == bytes.fromhex("000000140200000000000000000015a40023127f00005690")
    assert len(performance([WriteSpeed()], 0, write=False)) == 8


def test_disc_structures() -> None:
    raw = disc_structure(pre_recorded_information(b"RITEKW04"))
    assert raw[0:4] == bytes.fromhex("002a0000")
    payload = raw[4:]
    assert len(payload) >= 31
    assert payload[16] == 3
    assert payload[17:23] == b"RITEKW"
    assert payload[24] == 4
    assert payload[25:31] == b"04\0\0\0\0"
    physical = PhysicalFormat(
        book_type=3, part_version=2, layer_type=2, first_sector=0x30000, last_sector=0x26127F
    )
    assert physical.pack()[:16] == bytes.fromhex("320f0200000300000026127f00000000")


def test_buffer_capacity_and_mechanism() -> None:
    assert BufferCapacity(0x400000, 0x3F0000).pack() == bytes.fromhex("000a000000400000003f0000")
    assert MechanismStatusHeader(door_open=True).pack()[1] == 0x10


TRACKS = [TocTrack(1, 1, 0, 106800), TocTrack(2, 2, 135488, 188896)]


def test_formatted_toc() -> None:
    raw = formatted_toc(TRACKS, 0, False)
    assert raw == bytes.fromhex("001a0102001401000000000000140200000211400014aa000002e1e0")
    assert formatted_toc(TRACKS, 2, False) == bytes.fromhex("0012010200140200000211400014aa000002e1e0")
    assert formatted_toc(TRACKS, 0xAA, False) == bytes.fromhex("000a01020014aa000002e1e0")
    assert formatted_toc(TRACKS, 3, False) is None
    assert formatted_toc(TRACKS, 0xAB, False) is None


def test_session_toc() -> None:
    assert session_toc(TRACKS, False) == bytes.fromhex("000a01020014020000021140")


def test_msf() -> None:
    # LBA = (M*60+S)*75+F-150, for M >= 90 minus 450150.
    assert msf(0) == bytes((0, 2, 0))
    assert msf(-150) == bytes((0, 0, 0))
    assert msf(359849) == bytes((79, 59, 74))
    assert msf(-151) == bytes((99, 59, 74))
