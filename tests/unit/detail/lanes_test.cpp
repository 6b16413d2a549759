// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/lanes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "dynamicpo/detail/some_lanes.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

namespace po = dynamicpo;
using po::detail::lanes;

namespace {

template <class V>
void check_operations() {
  using T = typename V::element;
  constexpr std::size_t count = V::count;
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  po::sample::philox_engine random{1};
  T a[count], b[count];
  for (std::size_t l = 0; l < count; ++l) {
    a[l] = static_cast<T>(random.uniform() - .5);
    b[l] = static_cast<T>(random.uniform() - .5);
  }
  a[0] = b[0];
  a[1] = nan;
  b[2] = -infinity;
  a[3] = T(0);
  const V x = V::load(a), y = V::load(b);
  const auto equal = [](T one, T other) { return one == other || (std::isnan(one) && std::isnan(other)); };
  for (std::size_t l = 0; l < count; ++l) {
    CAPTURE(l);
    REQUIRE(equal((x + y)[l], a[l] + b[l]));
    REQUIRE(equal((x - y)[l], a[l] - b[l]));
    REQUIRE(equal((x * y)[l], a[l] * b[l]));
    REQUIRE(equal((x / y)[l], a[l] / b[l]));
    REQUIRE(equal((-x)[l], -a[l]));
    REQUIRE(((x < y)[l] != 0) == (a[l] < b[l]));
    REQUIRE(((x == y)[l] != 0) == (a[l] == b[l]));
    REQUIRE(equal(where(x < y, x, y)[l], a[l] < b[l] ? a[l] : b[l]));
    using other = typename V::template of<std::conditional_t<sizeof(T) == 4, double, float>>;
    REQUIRE(equal(static_cast<T>(other(x)[l]), static_cast<T>(static_cast<typename other::element>(a[l]))));
    REQUIRE(reinterpret<T>(po::detail::reinterpret<po::detail::bits_of<T>>(y))[l] == b[l]);
  }
  REQUIRE(any(x < y));
  REQUIRE(!any(V(1) < V(1)));
  typename V::truth one(0);
  for (std::size_t l = 0; l < count; ++l) {
    po::detail::bits_of<T> bits[count] = {};
    bits[l] = -1;
    REQUIRE(any(V::truth::load(bits)));
  }
  REQUIRE(!any(one));
}

// Halves are added up, down to one lane.
template <class T>
T by_halves(std::vector<T> values) {
  for (std::size_t half = values.size() / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) { values[l] = values[l] + values[l + half]; }
  }
  return values[0];
}

template <class V>
void check_panels() {
  using T = typename V::element;
  using panel = po::detail::panel<V>;
  constexpr std::size_t width = 11;
  std::vector<T> from(V::count * width), other(from.size()), to(from.size(), T(-1));
  for (std::size_t i = 0; i < from.size(); ++i) {
    from[i] = static_cast<T>(i);
    other[i] = static_cast<T>(3 * i % 17);
  }
  V columns[panel::columns], differences[panel::columns];
  const po::detail::spaced<const T> here{from.data() + 5, width}, there{other.data() + 5, width};
  panel::load(here, columns);
  panel::load_difference(here, there, differences);
  panel::store(columns, po::detail::spaced<T>{to.data() + 2, width});
  T* rows[V::count];
  for (std::size_t l = 0; l < V::count; ++l) { rows[l] = to.data() + l * width; }
  panel::store(differences, po::detail::scattered<T>{rows, 7});
  for (std::size_t l = 0; l < V::count; ++l) {
    for (std::size_t k = 0; k < width; ++k) {
      const T expected = k >= 2 && k < 2 + panel::columns   ? from[l * width + k + 3]
                         : k >= 7 && k < 7 + panel::columns ? from[l * width + k - 2] - other[l * width + k - 2]
                                                            : T(-1);
      CAPTURE(l, k);
      REQUIRE(to[l * width + k] == expected);
    }
  }
}

template <class V>
void check_squares() {
  using T = typename V::element;
  using panel = po::detail::panel<V>;
  if constexpr (panel::has_squares) {
    constexpr std::size_t size = panel::square, width = size + 3;
    std::vector<T> from(V::count * width), other(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      from[i] = static_cast<T>(i);
      other[i] = static_cast<T>(3 * i % 17);
    }
    V columns[size], differences[size];
    int pauses = 0;
    const auto pause = [&] { ++pauses; };
    const po::detail::spaced<const T> here{from.data() + 2, width}, there{other.data() + 2, width};
    panel::load_square(here, columns, pause);
    panel::load_square_difference(here, there, differences, pause);
    REQUIRE(pauses == 2 * static_cast<int>(size / panel::columns));
    for (std::size_t l = 0; l < V::count; ++l) {
      for (std::size_t k = 0; k < size; ++k) {
        CAPTURE(l, k);
        REQUIRE(columns[k][l] == from[l * width + k + 2]);
        REQUIRE(differences[k][l] == from[l * width + k + 2] - other[l * width + k + 2]);
      }
    }
    std::vector<T> to(V::count * width, T(-1));
    panel::store_square(columns, po::detail::spaced<T>{to.data() + 1, width});
    for (std::size_t i = 0; i < to.size(); ++i) {
      const std::size_t k = i % width;
      CAPTURE(i);
      REQUIRE(to[i] == (1 <= k && k < 1 + size ? from[i + 1] : T(-1)));
    }
  }
}

// Squares and panels at places in any order, from a column on: what has no bit is not touched.
template <class V>
void check_some() {
  using T = typename V::element;
  using panel = po::detail::panel<V>;
  if constexpr (po::detail::stores_some<typename V::vector> && panel::has_squares) {
    constexpr std::size_t size = panel::square, width = size + 20, at = 3;
    po::sample::philox_engine random{8};
    V columns[size];
    std::ptrdiff_t place[V::count];
    std::uint64_t bits[V::count];
    for (std::size_t l = 0; l < V::count; ++l) {
      place[l] = static_cast<std::ptrdiff_t>((l * 5 % V::count) * width);
      bits[l] = random() | std::uint64_t{random()} << 32;
    }
    for (std::size_t k = 0; k < size; ++k) {
      T numbers[V::count];
      for (std::size_t l = 0; l < V::count; ++l) { numbers[l] = static_cast<T>(100 * l + k); }
      columns[k] = V::load(numbers);
    }
    for (const std::size_t stored : {size, panel::columns}) {
      std::vector<T> to(V::count * width, T(-1));
      const po::detail::placed_some<T> there{{to.data(), place, at}, bits};
      if (stored == size) {
        panel::store_square(columns, there);
      } else {
        panel::store(columns, there);
      }
      for (std::size_t l = 0; l < V::count; ++l) {
        for (std::size_t i = 0; i < width; ++i) {
          const bool written = at <= i && i < at + stored && (bits[l] >> i & 1) != 0;
          CAPTURE(stored, l, i);
          REQUIRE(to[static_cast<std::size_t>(place[l]) + i] == (written ? static_cast<T>(100 * l + i - at) : T(-1)));
        }
      }
    }
    for (std::size_t l = 0; l < V::count; ++l) {
      auto taken = columns[1].part[0];
      po::detail::take_some(bits[l], columns[0].part[0], taken);
      for (std::size_t i = 0; i < V::per_part; ++i) {
        REQUIRE(taken[i] == columns[(bits[l] >> i & 1) != 0 ? 0 : 1][i]);
      }
    }
  }
}

template <class T, std::size_t Count, class Check>
void with_every_width(Check check) {
  check(lanes<T, Count, 16>{});
  check(lanes<T, Count, 32>{});
  check(lanes<T, Count, 64>{});
}

}  // namespace

TEST_CASE("an operation on lanes is that on each number, whatever the registers") {
  with_every_width<float, 16>([]<class V>(V) { check_operations<V>(); });
  with_every_width<double, 8>([]<class V>(V) { check_operations<V>(); });
}

TEMPLATE_TEST_CASE("lanes convert as numbers do, at every place", "", (lanes<double, 16, 64>), (lanes<double, 8, 32>),
                   (lanes<double, 4, 16>), (lanes<double, 8, 64>)) {
  using wide = TestType;
  using narrow = typename wide::template of<float>;
  const double infinity = std::numeric_limits<double>::infinity();
  const double odd[] = {-0.0,     1e300,     -1e300,      1e-310,        3e-42,
                        infinity, -infinity, 1 + 0x1p-24, 1 + 0x1.8p-23, 1 - 0x1p-25};
  po::sample::philox_engine random{3};
  for (int times = 0; times < 200; ++times) {
    double from[wide::count];
    for (double& x : from) { x = times < 20 ? odd[random.below(10)] : std::ldexp(random.uniform() - .5, times - 140); }
    const narrow converted(wide::load(from));
    const wide back(converted);
    for (std::size_t l = 0; l < wide::count; ++l) {
      const auto expected = static_cast<float>(from[l]);
      const auto bits = [](auto x) { return po::detail::reinterpret<po::detail::bits_of<decltype(x)>>(x); };
      REQUIRE(bits(converted[l]) == bits(expected));
      REQUIRE(bits(back[l]) == bits(static_cast<double>(expected)));
    }
  }
}

TEST_CASE("what is joined in two chains is joined once, however many there are") {
  const auto at = [](std::size_t k) { return std::vector<int>{static_cast<int>(k)}; };
  const auto join = [](std::vector<int> a, const std::vector<int>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  for (std::size_t count = 0; count < 6; ++count) {
    auto found = po::detail::joined_in_two(std::vector<int>{}, count, at, join);
    std::sort(found.begin(), found.end());
    std::vector<int> expected(count);
    std::iota(expected.begin(), expected.end(), 0);
    REQUIRE(found == expected);
  }
}

TEST_CASE("lanes add up in one order, whatever the registers") {
  std::vector<float> values;
  po::sample::philox_engine random{2};
  for (int l = 0; l < 16; ++l) { values.push_back(static_cast<float>(random.uniform() - .5)); }
  const float expected = by_halves(values);
  with_every_width<float, 16>([&]<class V>(V) {
    const V x = V::load(values.data());
    REQUIRE(sum_of_lanes(x) == expected);
    REQUIRE(least_of_lanes(x) == *std::min_element(values.begin(), values.end()));
  });
}

TEST_CASE("panels move rows to lanes and back, and touch nothing else") {
  with_every_width<float, 16>([]<class V>(V) { check_panels<V>(); });
  with_every_width<double, 8>([]<class V>(V) { check_panels<V>(); });
}

TEST_CASE("numbers without a bit are not stored") {
  with_every_width<float, 16>([]<class V>(V) { check_some<V>(); });
  with_every_width<double, 8>([]<class V>(V) { check_some<V>(); });
#if !defined(__AVX512VL__)
  test_support::skip("built without AVX-512");
#endif
}

TEST_CASE("squares move as many columns as rows to lanes at a time") {
  STATIC_REQUIRE(po::detail::panel<lanes<float, 16, 64>>::square == 16);
  STATIC_REQUIRE(po::detail::panel<lanes<float, 16, 32>>::square == 8);
  STATIC_REQUIRE(po::detail::panel<lanes<float, 16, 32>>::has_squares);
  with_every_width<float, 16>([]<class V>(V) { check_squares<V>(); });
  with_every_width<double, 16>([]<class V>(V) { check_squares<V>(); });
}
