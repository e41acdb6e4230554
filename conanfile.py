import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd, cross_building
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.env import VirtualRunEnv
from conan.tools.files import copy, load, rmdir
from conan.tools.scm import Version

required_conan_version = ">=2.1"

# What the library links: name, range in ConanCenter, the option it depends on ("" for none), and the names that the
# package uses. Ranges begin at Debian 12's versions, so that [platform_requires] can name what is there; Conan takes the
# newest. docs/packaging.md holds the same table; scripts/check_conan.py compares the two.
LIBRARY_REQUIREMENTS = (
    ("rapidjson", "cci.20250205", "", "rapidjson::rapidjson"),
    ("boost", "[>=1.74 <2]", "", "boost::headers"),
    ("libxml2", "[>=2.9.14 <3]", "", "libxml2::libxml2"),
    ("libcurl", "[>=7.88 <9]", "", "libcurl::libcurl"),
    ("openssl", "[>=3 <4]", "", "openssl::crypto"),
    ("re2", "[>=20220601]", "", "re2::re2"),
    ("utf8proc", "[>=2.6 <3]", "", "utf8proc::utf8proc"),
    ("date", "[>=3 <4]", "", "date::date-tz"),
    ("zlib", "[>=1.2.11 <2]", "", "zlib::zlib"),
    ("sqlitecpp", "[>=3.2 <4]", "with_sqlite", "sqlitecpp::sqlitecpp"),
    ("libpq", "[>=15 <18]", "with_postgres", "libpq::pq"),
)
SERVER_REQUIREMENTS = (
    ("cpp-httplib", "[>=0.11.4 <1]"),
    ("cli11", "[>=2.1 <3]"),
    ("spdlog", "[>=1.10 <2]"),
)


class MeterConan(ConanFile):
    name = "meter"
    description = "Web scraping and change monitoring engine"
    license = "MIT"
    topics = ("scraping", "html", "monitoring", "change-detection")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "with_sqlite": [True, False],
        "with_postgres": [True, False],
        "server": [True, False],
    }
    default_options = {
        "shared": False,
        "fPIC": True,
        "with_sqlite": True,
        "with_postgres": False,
        "server": False,
        # Off in ConanCenter, on in Debian: without them pages are asked for and answered less well.
        "libcurl/*:with_nghttp2": True,
        "libcurl/*:with_brotli": True,
        "libcurl/*:with_zstd": True,
        "boost/*:header_only": True,  # else all of Boost is built
        "date/*:tz_db": "system",  # as everywhere else in libmeter; ConanCenter's downloads time zones while a program runs
        "cpp-httplib/*:with_openssl": True,
        "cpp-httplib/*:with_zlib": True,
    }
    implements = ["auto_shared_fpic"]
    exports_sources = (
        "CMakeLists.txt", "LICENSE", "include/*", "src/*", "server/*", "packaging/*", "scripts/cmake/*",
        "scripts/yaml_to_json.py",
    )

    def set_version(self):
        # The only place with the version is project() in CMakeLists.txt.
        text = load(self, os.path.join(self.recipe_folder, "CMakeLists.txt"))
        self.version = text.split("project(meter VERSION ", 1)[1].split()[0]

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        for name, versions, option, _ in LIBRARY_REQUIREMENTS:
            if not option or self.options.get_safe(option):
                self.requires(f"{name}/{versions}")
        if self.options.server:
            for name, versions in SERVER_REQUIREMENTS:
                self.requires(f"{name}/{versions}")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("libmeter runs on Linux")
        oldest = {"gcc": "12", "clang": "14"}.get(str(self.settings.compiler))
        if oldest and Version(self.settings.compiler.version) < oldest:
            raise ConanInvalidConfiguration(f"libmeter needs {self.settings.compiler} {oldest} or newer")
        if self.options.server and not self.options.with_sqlite:
            raise ConanInvalidConfiguration("the server needs a store: with_sqlite")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["METER_BUILD_SHARED"] = bool(self.options.shared)
        toolchain.cache_variables["METER_WITH_SQLITE"] = bool(self.options.with_sqlite)
        toolchain.cache_variables["METER_WITH_POSTGRES"] = bool(self.options.with_postgres)
        toolchain.cache_variables["METER_WITH_JQ"] = False  # the recipe asks for no libjq, and no client of MySQL
        toolchain.cache_variables["METER_WITH_YAML"] = False  # nor for libyaml
        toolchain.cache_variables["METER_WITH_MYSQL"] = False
        toolchain.cache_variables["METER_BUILD_SERVER"] = bool(self.options.server)
        for part in ("TESTS", "EXAMPLES", "BENCH", "FUZZERS"):
            toolchain.cache_variables[f"METER_BUILD_{part}"] = False
        toolchain.cache_variables["CMAKE_UNITY_BUILD"] = True
        toolchain.generate()
        CMakeDeps(self).generate()
        if self.options.server and not cross_building(self):
            # The server just built writes its manual page, and finds shared dependencies meanwhile.
            environment = VirtualRunEnv(self)
            environment.generate()
            environment.generate(scope="build")

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        # What is for a system: a unit and its settings, and a pkg-config file that names its libraries.
        for folder in (os.path.join("lib", "pkgconfig"), os.path.join("lib", "systemd"), "etc"):
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        # One package for both worlds: consumers get the CMake package that libmeter itself installs, with its components
        # and targets, instead of one made from the names below, which serve the other generators.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.set_property("cmake_file_name", "meter")
        cmake_package = os.path.join("lib", "cmake", "meter")
        self.cpp_info.builddirs = [cmake_package]  # where CMakeConfigDeps looks for it

        library = self.cpp_info.components["libmeter"]
        library.builddirs = [cmake_package]  # and CMakeToolchain, which adds up components only
        library.libs = ["meter"]
        library.set_property("cmake_target_name", "meter::meter")
        library.set_property("pkg_config_name", "meter")
        library.system_libs = ["pthread"]
        library.requires = [names for _, _, option, names in LIBRARY_REQUIREMENTS
                            if not option or self.options.get_safe(option)]
        if self.options.server:  # a program, which nobody links
            server = self.cpp_info.components["server"]
            server.includedirs = []
            server.libdirs = []
            server.requires = ["libmeter", "cpp-httplib::cpp-httplib", "cli11::cli11", "spdlog::spdlog"]
            # VirtualRunEnv does this by itself for packages with shared libraries only.
            self.runenv_info.prepend_path("PATH", os.path.join(self.package_folder, "bin"))
