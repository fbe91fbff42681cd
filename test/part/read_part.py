"""Reads the media set in a directory from the published file layouts, by itself: nothing here is
taken from Wingman. CRCs are crcmod's, digests hashlib's. Prints what it found as one JSON document;
ends with a message and exit code 1 at the first thing that is not as the layouts say.

    python3 read_part.py DIRECTORY
    python3 read_part.py --crc          CRCs of stdin, as JSON
"""

import hashlib
import json
import os
import struct
import sys

import crcmod.predefined

crc16 = crcmod.predefined.mkPredefinedCrcFun("crc-ccitt-false")
crc32 = crcmod.predefined.mkPredefinedCrcFun("crc-32-bzip2")

SHA_256 = 6


def must(condition, what):
    if not condition:
        sys.exit(what)


class Words:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, form):
        (value,) = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return value

    def string(self):
        length = self.take("H")
        value = self.data[self.at : self.at + length]
        self.at += length
        if length % 2:
            must(self.take("B") == 0, "pad byte")
        return value.decode("ascii")

    def strings(self):
        return [self.string() for _ in range(self.take("H"))]

    def check_value(self):
        length = self.take("H")
        if length == 0:
            return None
        kind = self.take("H")
        value = self.data[self.at : self.at + length - 4]
        self.at += length - 4
        must(kind == SHA_256 and len(value) == 32, "check value of another type")
        return value

    def entries(self, read):
        found = []
        count = self.take("H")
        for index in range(count):
            start = self.at
            following = self.take("H")
            found.append(read())
            must((following == 0) == (index == count - 1), "pointer to the next entry")
            if following:
                self.at = start + 2 * following
        return found


def head(name, data, versions, pointers):
    words = Words(data)
    must(words.take("I") * 2 == len(data), name + ": length")
    version = words.take("H")
    must(version in versions, name + ": version")
    must(words.take("H") == 0, name + ": spare")
    return version, [words.take("I") * 2 for _ in range(pointers[version])]


def check_part_number(number):
    total = 0
    for character in number[:3] + number[5:]:
        total ^= ord(character)
    must(number[3:5] == "%02X" % total, "check characters of " + number)


def read_files_list(data):
    version, at = head("FILES.LUM", data, (0xA003, 0xA004), {0xA003: 3, 0xA004: 4})
    must(crc16(data[:-2]) == struct.unpack(">H", data[-2:])[0], "FILES.LUM: CRC")
    words = Words(data, at[0])
    media = (words.string(), words.take("B"), words.take("B"))
    words = Words(data, at[1])
    newer = version == 0xA004

    def entry():
        return {
            "name": words.string(),
            "path": words.string(),
            "member": words.take("H"),
            "crc16": words.take("H"),
            "sha256": words.check_value() if newer else None,
        }

    files = words.entries(entry)
    if newer:
        words = Words(data, at[3])
        must(words.check_value() == hashlib.sha256(data[: at[3]]).digest(), "FILES.LUM: check value")
    must(words.at == len(data) - 2, "FILES.LUM: bytes that nothing leads to")
    return newer, media, files


def read_loads_list(data):
    _, at = head("LOADS.LUM", data, (0xA003, 0xA004), {0xA003: 3, 0xA004: 3})
    must(crc16(data[:-2]) == struct.unpack(">H", data[-2:])[0], "LOADS.LUM: CRC")
    words = Words(data, at[0])
    media = (words.string(), words.take("B"), words.take("B"))
    words = Words(data, at[1])

    def entry():
        return {
            "partNumber": words.string(),
            "header": words.string(),
            "member": words.take("H"),
            "hardware": words.strings(),
        }

    loads = words.entries(entry)
    must(words.at == len(data) - 2, "LOADS.LUM: bytes that nothing leads to")
    return media, loads


def read_header(data, directory):
    version, at = head("header", data, (0x8003, 0x8004), {0x8003: 5, 0x8004: 8})
    newer = version == 0x8004
    must(crc16(data[:-6]) == struct.unpack(">H", data[-6:-4])[0], "header: CRC")
    part_number = Words(data, at[0]).string()
    check_part_number(part_number)
    hardware = Words(data, at[1]).strings()
    must(at[3] == 0 and at[4] == 0, "header: support files or user data")
    words = Words(data, at[2])

    def entry():
        found = {
            "name": words.string(),
            "partNumber": words.string(),
            "words": words.take("I"),
            "crc16": words.take("H"),
        }
        if newer:
            found["bytes"] = words.take("Q")
            found["sha256"] = words.check_value()
        return found

    files = words.entries(entry)
    content = [read(directory, entry["name"]) for entry in files]
    for entry, data_file in zip(files, content):
        must(entry["words"] == (len(data_file) + 1) // 2, entry["name"] + ": words")
        must(newer or len(data_file) % 2 == 0, entry["name"] + ": odd size")
        must(entry["crc16"] == crc16(data_file), entry["name"] + ": CRC")
        if newer:
            must(entry["bytes"] == len(data_file), entry["name"] + ": bytes")
            must(entry["sha256"] == hashlib.sha256(data_file).digest(), entry["name"] + ": SHA-256")
    load = b"".join(content)
    if newer:
        words = Words(data, at[7])
        must(words.check_value() == hashlib.sha256(data[: at[7]] + load).digest(), "load check value")
    must(words.at == len(data) - 6, "header: bytes that nothing leads to")
    must(crc32(data[:-4] + load) == struct.unpack(">I", data[-4:])[0], "load CRC")
    return newer, part_number, hardware, [entry["name"] for entry in files]


def read(directory, name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def read_media_set(directory):
    newer, media, listed = read_files_list(read(directory, "FILES.LUM"))
    names = [entry["name"] for entry in listed]
    must(sorted(names + ["FILES.LUM"]) == sorted(os.listdir(directory)), "files of the directory")
    for entry in listed:
        data = read(directory, entry["name"])
        must(entry["path"] == "\\" and entry["member"] == 1, entry["name"] + ": place")
        must(entry["crc16"] == crc16(data), entry["name"] + ": CRC in FILES.LUM")
        if newer:
            must(entry["sha256"] == hashlib.sha256(data).digest(), entry["name"] + ": SHA-256 in FILES.LUM")
    loads_media, (load,) = read_loads_list(read(directory, "LOADS.LUM"))
    must(loads_media == media == (load["partNumber"], 1, 1), "media set")
    header_newer, part_number, hardware, files = read_header(read(directory, load["header"]), directory)
    must(header_newer == newer, "layouts")
    must(load["header"] == part_number + ".LUH" and load["partNumber"] == part_number, "load")
    must(load["hardware"] == hardware, "hardware")
    return {
        "layout": "665-3" if newer else "665-2",
        "partNumber": part_number,
        "hardware": hardware,
        "files": files,
        "listed": names,
    }


if sys.argv[1] == "--crc":
    stdin = sys.stdin.buffer.read()
    print(json.dumps({"crc16": crc16(stdin), "crc32": crc32(stdin)}))
else:
    print(json.dumps(read_media_set(sys.argv[1])))
