// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/run.hpp"
#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
using cli_test::outcome;
using cli_test::sandbox;
using nlohmann::json;

namespace {

// More rows than a batch of the command line, of 0 to 6 negatives, with ties.
template <class T>
struct ragged_rows {
  std::vector<T> chosen, rejected, reference_chosen, reference_rejected;
  std::vector<std::int64_t> offsets{0};
  std::string text;

  explicit ragged_rows(int rows) {
    po::sample::philox_engine engine{9};
    const auto score = [&] { return static_cast<T>(-static_cast<double>(engine.below(4000)) / 100.0); };
    for (int row = 0; row < rows; ++row) {
      json line{{"policy_chosen", chosen.emplace_back(score())},
                {"reference_chosen", reference_chosen.emplace_back(score())},
                {"policy_rejected", json::array()},
                {"reference_rejected", json::array()}};
      for (std::uint32_t k = engine.below(7); k > 0; --k) {
        line["policy_rejected"].push_back(rejected.emplace_back(score()));
        line["reference_rejected"].push_back(reference_rejected.emplace_back(score()));
      }
      offsets.push_back(static_cast<std::int64_t>(rejected.size()));
      text += line.dump() + "\n";
    }
  }
};

constexpr int rows = 9000;

}  // namespace

// The printed digits read back as the very numbers of the library, over batches and precisions.
TEMPLATE_TEST_CASE("cli: loss prints what the library computes, to the last bit", "", float, double) {
  const ragged_rows<TestType> data(rows);
  std::vector<TestType> losses(rows), g_chosen(rows), g_rejected(data.rejected.size()), betas(data.rejected.size());
  const auto policy = po::view(data.chosen, data.rejected, data.offsets);
  const auto reference = po::view(data.reference_chosen, data.reference_rejected, data.offsets);
  const po::outputs<TestType> out{.gradient = po::view(g_chosen, g_rejected, data.offsets),
                                  .row_loss = losses,
                                  .effective_beta = betas,
                                  .reduction = po::reduction::none};
  const std::string common = std::string("--precision ") + (std::is_same_v<TestType, float> ? "float" : "double");

  const auto require_same = [&](const std::string& options, const auto& pipeline) {
    po::loss_and_gradient(po::exec::seq, pipeline, policy, reference, out);
    const sandbox box;
    const outcome result = box.run("loss " + options + " " + common, data.text);
    REQUIRE(result.err.empty());
    REQUIRE(result.status == 0);
    const auto printed = cli_test::lines(result.out);
    REQUIRE(printed.size() == static_cast<std::size_t>(rows));
    for (std::size_t row = 0; row < printed.size(); ++row) {
      const json line = json::parse(printed[row]);
      const auto first = static_cast<std::size_t>(data.offsets[row]);
      const auto size = static_cast<std::size_t>(data.offsets[row + 1]) - first;
      REQUIRE(line.at("loss").get<TestType>() == losses[row]);
      REQUIRE(line.at("grad_chosen").get<TestType>() == g_chosen[row]);
      REQUIRE(line.at("grad_rejected").size() == size);
      std::vector<std::size_t> selected;
      for (std::size_t k = 0; k < size; ++k) {
        REQUIRE(line.at("grad_rejected")[k].get<TestType>() == g_rejected[first + k]);
        if (betas[first + k] != 0) { selected.push_back(k); }
      }
      if (!line.contains("boundary")) {
        REQUIRE(selected.size() == size);
        continue;
      }
      REQUIRE(line.at("boundary").get<std::vector<std::size_t>>() == selected);
      REQUIRE(line.at("beta").size() == selected.size());
      for (std::size_t j = 0; j < selected.size(); ++j) {
        REQUIRE(line.at("beta")[j].get<TestType>() == betas[first + selected[j]]);
      }
    }
  };
  const po::beta::dual_margin dual{.base = 0.5, .alpha = 0.25, .gamma = 2.0};
  require_same("--objective dmpo --beta 0.1", po::vanilla(po::objective::dmpo, 0.1));
  require_same("--objective sdpo --dynamic --beta 0.5 --alpha 0.25 --gamma 2", po::dynamic(po::objective::sdpo, dual));
  require_same("--objective sdpo --select violators",
               po::pipeline{po::select::violators{}, po::beta::fixed{}, po::objective::sdpo});
  require_same("--objective dmpo --select top-k:2 --dynamic",
               po::pipeline{po::select::top_k{2}, po::beta::dual_margin{}, po::objective::dmpo});
  require_same("--objective dmpo --select random:2 --seed 11",
               po::pipeline{po::select::random_k{.count = 2, .seed = 11}, po::beta::fixed{}, po::objective::dmpo});
  require_same("--objective dpo --select random:1",
               po::pipeline{po::select::random_k{}, po::beta::fixed{}, po::objective::dpo});
}

TEST_CASE("cli: the number of threads does not change a byte", "[threads]") {
  const ragged_rows<double> data(rows);
  const sandbox box;
  box.write("rows.jsonl", data.text);
  for (const std::string options : {"--objective dmpo --dynamic", "--objective sdpo --select random:3"}) {
    const std::string command = "loss --input rows.jsonl " + options + " --threads ";
    const outcome one = box.run(command + "1");
    REQUIRE(one.status == 0);
    REQUIRE(cli_test::lines(one.out).size() == static_cast<std::size_t>(rows));
    for (const std::string threads : {"2", "7", "0"}) { REQUIRE(box.run(command + threads).out == one.out); }
  }
}

TEST_CASE("cli: boundary and beta are there when a selection runs") {
  const sandbox box;
  const auto keys = [&](const std::string& options) {
    const json line = json::parse(box.run("loss --objective dmpo " + options, cli_test::good_row).out);
    return line.contains("boundary") && line.contains("beta");
  };
  REQUIRE(!keys(""));
  REQUIRE(!keys("--select all"));
  REQUIRE(keys("--select boundary"));
  REQUIRE(keys("--dynamic"));
  REQUIRE(keys("--dynamic --select all"));
}

TEST_CASE("cli: mppo and --reference-free read no reference, whatever it holds") {
  const sandbox box;
  const std::string bare = R"({"policy_chosen": -1, "policy_rejected": [-2, -3.5]})" "\n";
  const std::string odd = R"({"policy_chosen": -1, "policy_rejected": [-2, -3.5], "reference_chosen": "none"})" "\n";
  for (const std::string options : {"--objective mppo", "--objective dmpo --reference-free"}) {
    const outcome expected = box.run("loss " + options, bare);
    REQUIRE(expected.status == 0);
    REQUIRE(box.run("loss " + options, odd).out == expected.out);
    REQUIRE(box.run("loss " + options, cli_test::good_row).out == expected.out);
  }
}

TEST_CASE("cli: a row without negatives has loss and gradient 0") {
  const sandbox box;
  const outcome result =
      box.run("loss --objective sdpo --dynamic --reference-free", R"({"policy_chosen": -1.5, "policy_rejected": []})");
  REQUIRE(result.status == 0);
  REQUIRE(result.out == R"({"loss": 0, "grad_chosen": 0, "grad_rejected": [], "boundary": [], "beta": []})" "\n");
}
