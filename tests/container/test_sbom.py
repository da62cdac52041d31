"""The SBOM keeps the rules of SPDX 2.3, and it is right about what it says: the programs, their libraries, and the commit.

The rules are checked by the SPDX project's own validator, and those that a reader of ours would trip over here.
"""
import hashlib
import json
import re
import subprocess
import tarfile

import pytest

from support import paths
from support.postrender import clean_environment

PROGRAMS = ["cloudlab-krm", "cloudlab-postrender"]
LIBRARIES = {"libc6-dev", "libstdc++-12-dev", "libgcc-12-dev", "nlohmann-json3-dev", "libspdlog-dev", "libfmt-dev", "libcli11-dev", "libxxhash-dev"}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    paths.krm()
    subprocess.run([paths.TOP / "tools/image", "--context"], check=True, env=clean_environment(), stdout=subprocess.DEVNULL)
    copy = tmp_path_factory.mktemp("sbom") / "sbom.spdx.json"
    copy.write_bytes((paths.TOP / "out/image/sbom.spdx.json").read_bytes())
    return copy


@pytest.fixture(scope="module")
def sbom(file):
    return json.loads(file.read_text())


def test_the_validator_of_spdx_accepts_it(file):
    done = subprocess.run([paths.tool("spdx-tools"), "--version", "SPDX-2.3", "--infile", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def test_the_validator_refuses_a_broken_one(file, tmp_path):
    broken = tmp_path / "broken.spdx.json"
    broken.write_text(file.read_text().replace('"STATIC_LINK"', '"GLUED_TO"', 1))
    assert subprocess.run([paths.tool("spdx-tools"), "--infile", broken], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0


def test_head_of_the_document(sbom):
    assert sbom["spdxVersion"] == "SPDX-2.3"
    assert sbom["dataLicense"] == "CC0-1.0"
    assert re.fullmatch(r"https://spdx\.org/spdxdocs/cloudlab-[0-9.]+-[0-9a-f-]{36}", sbom["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", sbom["creationInfo"]["created"])
    assert all(re.fullmatch(r"Tool: \S+-[0-9.]+", creator) for creator in sbom["creationInfo"]["creators"])


def test_every_name_is_unique_and_every_reference_leads_somewhere(sbom):
    names = ["SPDXRef-DOCUMENT", *(each["SPDXID"] for each in [*sbom["packages"], *sbom["files"]])]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in names)
    for each in sbom["relationships"]:
        assert each["spdxElementId"] in names and each["relatedSpdxElement"] in names
    own = {each["licenseId"] for each in sbom["hasExtractedLicensingInfos"]}
    used = {each["licenseDeclared"] for each in sbom["packages"] if each["licenseDeclared"].startswith("LicenseRef-")}
    assert own == used
    assert all(len(each["extractedText"]) > 100 for each in sbom["hasExtractedLicensingInfos"])


def test_checksums_are_those_of_the_programs(sbom):
    for program, described in zip(PROGRAMS, sbom["files"], strict=True):
        content = (paths.TOP / "out/bin" / program).read_bytes()
        assert described["fileName"] == f"./{program}"
        assert described["checksums"] == [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                                          {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}]
    sums = "".join(sorted(each["checksums"][0]["checksumValue"] for each in sbom["files"]))
    assert sbom["packages"][0]["packageVerificationCode"]["packageVerificationCodeValue"] == hashlib.sha1(sums.encode()).hexdigest()


def linked(sbom, program):
    names = {each["SPDXID"]: each["name"] for each in sbom["packages"]}
    return {names[each["relatedSpdxElement"]] for each in sbom["relationships"]
            if each["relationshipType"] == "STATIC_LINK" and each["spdxElementId"] == f"SPDXRef-File-{program}"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_libraries_of_each_program(sbom, program):
    """A library that is new here is new in the program: add it, and its licence is in the image from then on."""
    assert linked(sbom, program) == LIBRARIES


def test_what_packages_txt_gives_the_programs_is_named(sbom):
    """And nothing that is only for tests, such as libyaml."""
    build = re.search(r"# build\n(.*?)\n\n", (paths.TOP / "tools/packages.txt").read_text(), re.DOTALL)[1]
    wanted = {line.split()[0] for line in build.splitlines() if re.match(r"\S+-dev\b", line)}
    assert wanted == {name for name in LIBRARIES if not re.match(r"lib(c6|gcc|stdc)", name)}
    assert "libyaml-dev" not in {each["name"] for each in sbom["packages"]}


def test_versions_are_those_that_are_installed(sbom):
    for each in sbom["packages"][1:]:
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", each["name"]], check=True, stdout=subprocess.PIPE, text=True).stdout
        assert each["versionInfo"] == installed
        [reference] = each["externalRefs"]
        assert reference["referenceLocator"].startswith("pkg:deb/")


def test_licences(sbom):
    declared = {each["name"]: each["licenseDeclared"] for each in sbom["packages"]}
    assert declared["cloudlab"] == "Apache-2.0"
    assert declared["nlohmann-json3-dev"] == declared["libspdlog-dev"] == "MIT"
    assert declared["libcli11-dev"] == "BSD-3-Clause"
    assert declared["libxxhash-dev"] == "BSD-2-Clause"
    texts = {each["licenseId"]: each["extractedText"] for each in sbom["hasExtractedLicensingInfos"]}
    assert "GCC RUNTIME LIBRARY EXCEPTION" in texts[declared["libstdc++-12-dev"]]
    assert "Lesser General Public" in texts[declared["libc6-dev"]]


def test_the_same_inputs_make_the_same_bytes(sbom):
    words = ["--version", "0.1.0", "--revision", "0" * 40, "--epoch", "1700000000"]
    made = [subprocess.run([paths.TOP / "tools/sbom", *words, *PROGRAMS], check=True, stdout=subprocess.PIPE).stdout for _ in range(2)]
    assert made[0] == made[1]
    assert json.loads(made[0])["documentNamespace"] != sbom["documentNamespace"]


def test_a_program_that_is_not_the_one_of_the_last_build_is_refused():
    done = subprocess.run([paths.TOP / "tools/sbom", "--version", "0", "--revision", "0", "--epoch", "0", "cloudlab-other"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "run make build" in done.stderr


def test_a_date_of_choice_dates_everything(file):
    """SOURCE_DATE_EPOCH instead of the commit's time: the SBOM, the label and the files."""
    subprocess.run([paths.TOP / "tools/image", "--context"], check=True, env=clean_environment(SOURCE_DATE_EPOCH=1700000000), stdout=subprocess.DEVNULL)
    context = paths.TOP / "out/image"
    assert '"created": "2023-11-14T22:13:20Z"' in (context / "sbom.spdx.json").read_text()
    assert "\nARG CREATED=2023-11-14T22:13:20Z\n" in (context / "Dockerfile").read_text()
    with tarfile.open(context / "rootfs.tar") as archive:
        assert {member.mtime for member in archive} == {1700000000}
