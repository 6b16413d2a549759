// SPDX-License-Identifier: MIT
#include <string>
#include <utility>
#include <vector>

#include "cli/run.hpp"
#include "support/catch.hpp"

using cli_test::outcome;
using cli_test::sandbox;

namespace {

const std::string loss_options =
    "valid choices: --help --objective --dynamic --select --beta --gamma --alpha --reference-free --seed --input "
    "--output --precision --threads\n";

}  // namespace

TEST_CASE("cli: wrong usage exits with 2, says what is wrong and which choices there are") {
  struct misuse {
    std::string arguments, message;
  };
  const std::string loss = "dynamicpo loss: ";
  const std::vector<misuse> cases{
      {"loss", loss + "--objective is required\n" + loss_options},
      {"loss --objectives dmpo", loss + "--objective is required; there is no option --objectives\n" + loss_options},
      {"loss --objective ppo", loss + "--objective: ppo not in {dpo,dmpo,sdpo,mppo}\n"},
      {"loss --objective dmpo --epsilon", loss + "The following argument was not expected: --epsilon\n" + loss_options},
      {"loss --objective dmpo rows", loss + "The following argument was not expected: rows\n" + loss_options},
      {"loss --objective dmpo --select hardest",
       loss + "--select: expected one of all, boundary, violators, top-k:N, random:N, found hardest\n"},
      {"loss --objective dmpo --select top-k:0",
       loss + "--select: expected one of all, boundary, violators, top-k:N, random:N, found top-k:0\n"},
      {"loss --objective dmpo --select random:2x",
       loss + "--select: expected one of all, boundary, violators, top-k:N, random:N, found random:2x\n"},
      {"loss --objective dmpo --beta 0", loss + "--beta: expected a positive number, found 0\n"},
      {"loss --objective dmpo --beta nan", loss + "--beta: expected a positive number, found nan\n"},
      {"loss --objective dmpo --beta 1e999", loss + "--beta: expected a positive number, found 1e999\n"},
      {"loss --objective dmpo --beta one", loss + "--beta: expected a positive number, found one\n"},
      {"loss --objective dmpo --gamma inf", loss + "--gamma: expected a finite number, found inf\n"},
      {"loss --objective dmpo --alpha 1.5", loss + "--alpha: expected a number in [0, 1], found 1.5\n"},
      {"loss --objective dmpo --precision half", loss + "--precision: half not in {float,double}\n"},
      {"loss --objective dmpo --threads -1", loss + "--threads: Value -1 not in range 0 to 1024\n"},
      {"study --seeds x --output d", "dynamicpo study: --seeds: expected a positive number, found x\n"},
      {"study --threads 0 --output d", "dynamicpo study: --threads: expected a positive number, found 0\n"},
      {"score --rate -1", "dynamicpo score: --rate: expected a positive number, found -1\n"},
      {"select-bench --margin -1 --output d",
       "dynamicpo select-bench: --margin: expected a number of at least 0, found -1\n"},
      {"select --objective dmpo",
       "dynamicpo select: The following arguments were not expected: dmpo --objective\n"
       "valid choices: --help --input --output --precision --threads\n"},
  };
  const sandbox box;
  for (const misuse& wrong : cases) {
    INFO(wrong.arguments);
    const outcome result = box.run(wrong.arguments, cli_test::good_row);
    REQUIRE(result.status == 2);
    REQUIRE(result.err == wrong.message);
    REQUIRE(result.out.empty());
  }
}

TEST_CASE("cli: a missing or unknown subcommand exits with 2 and names the ones there are") {
  const sandbox box;
  const std::pair<std::string, std::string> cases[] = {{"", "A subcommand is required"},
                                                       {"losses --file x", "there is no subcommand losses"}};
  for (const auto& [arguments, expected] : cases) {
    INFO(arguments);
    const outcome result = box.run(arguments);
    REQUIRE(result.status == 2);
    REQUIRE(result.err.starts_with("dynamicpo: " + expected + "\nvalid choices: loss select"));
  }
}

TEST_CASE("cli: help and version exit with 0") {
  const sandbox box;
  for (const std::string command : {"", "loss ", "select "}) {
    const outcome result = box.run(command + "--help");
    REQUIRE(result.status == 0);
    REQUIRE(result.err.empty());
    REQUIRE(result.out.find("Usage: dynamicpo " + command) != std::string::npos);
  }
  REQUIRE(box.run("--version").out.find('.') != std::string::npos);
}

TEST_CASE("cli: options without effect are pointed out, and do nothing") {
  const sandbox box;
  const outcome plain = box.run("loss --objective dmpo", cli_test::good_row);
  const outcome noted = box.run("loss --objective dmpo --gamma 2 --seed 7", cli_test::good_row);
  REQUIRE(noted.status == 0);
  REQUIRE(noted.out == plain.out);
  REQUIRE(noted.err ==
          "dynamicpo loss: note: --gamma has no effect without --dynamic\n"
          "dynamicpo loss: note: --seed has no effect without --select random:N\n");
}
