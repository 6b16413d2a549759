// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "cli/run.hpp"
#include "support/catch.hpp"

using cli_test::contents;
using cli_test::good_row;
using cli_test::outcome;
using cli_test::sandbox;

namespace {

std::string many_rows() {
  std::string rows;
  for (int i = 0; i < 3000; ++i) { rows += good_row; }
  return rows;
}

}  // namespace

TEST_CASE("cli: the output goes to the file and nowhere else") {
  const sandbox box;
  const outcome printed = box.run("loss --objective dmpo", good_row);
  const outcome filed = box.run("loss --objective dmpo --output losses.jsonl", good_row);
  REQUIRE(filed.status == 0);
  REQUIRE(filed.out.empty());
  REQUIRE(filed.err.empty());
  REQUIRE(box.files() == std::vector<std::string>{"losses.jsonl"});
  REQUIRE(contents(box.file("losses.jsonl")) == printed.out);
}

TEST_CASE("cli: an output replaces its own input only once complete") {
  const sandbox box;
  box.write("rows.jsonl", good_row);
  const std::string printed = box.run("loss --objective dmpo", good_row).out;
  REQUIRE(box.run("loss --objective dmpo --input rows.jsonl --output rows.jsonl").status == 0);
  REQUIRE(contents(box.file("rows.jsonl")) == printed);

  REQUIRE(box.run("loss --objective dmpo --output rows.jsonl", good_row + "{}\n").status == 1);
  REQUIRE(contents(box.file("rows.jsonl")) == printed);
}

TEST_CASE("cli: an output through a link goes where the link points") {
  const sandbox box;
  box.write("target.jsonl", "before\n");
  std::filesystem::create_symlink("target.jsonl", box.file("link.jsonl"));
  REQUIRE(box.run("loss --objective dmpo --output link.jsonl", good_row).status == 0);
  REQUIRE(std::filesystem::is_symlink(box.file("link.jsonl")));
  REQUIRE(contents(box.file("target.jsonl")) == box.run("loss --objective dmpo", good_row).out);
}

TEST_CASE("cli: a full disk exits with 1 and leaves nothing") {
  const sandbox box;
  if (std::filesystem::exists("/dev/full")) {
    const outcome device = box.run("loss --objective dmpo --output /dev/full", good_row);
    REQUIRE(device.status == 1);
    REQUIRE(device.err == "dynamicpo: /dev/full: expected to write the output, found: No space left on device\n");
    const outcome standard = box.run("loss --objective dmpo >/dev/full", good_row);
    REQUIRE(standard.status == 1);
    REQUIRE(standard.err ==
            "dynamicpo: standard output: expected to write the output, found: No space left on device\n");
  }
  // A limit on file sizes, in blocks of 512 bytes, that the output outgrows in the middle.
  const outcome limited =
      box.shell("trap '' XFSZ; ulimit -f 64; dynamicpo loss --objective dmpo --output losses.jsonl", many_rows());
  REQUIRE(limited.status == 1);
  REQUIRE(limited.err == "dynamicpo: losses.jsonl: expected to write the output, found: File too large\n");
  REQUIRE(box.files().empty());
}

TEST_CASE("cli: an output that cannot be made exits with 1 and the reason") {
  const sandbox box;
  const outcome result = box.run("loss --objective dmpo --output no/losses.jsonl", good_row);
  REQUIRE(result.status == 1);
  REQUIRE(result.err ==
          "dynamicpo: no/losses.jsonl: expected to write the output, found: No such file or directory\n");
}
