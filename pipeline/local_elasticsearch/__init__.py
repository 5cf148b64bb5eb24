"""Real Elasticsearch nodes on this machine, from package registries alone: no container, no Java to install.

For development, tests and trials; an office that relies on Elasticsearch runs the full distribution. Such a node lacks
security, scripts, ingest, reindex, ILM and the root endpoint (`client.info()` gives 405); and, without Elasticsearch's
native libraries, the codec `best_compression` (an index with it cannot be refreshed) and native vector distances.

    artefacts   which jars, where they are kept, whether they are the ones in `artefacts.sha256`
    fetching    gets them once
    home        the folder of one node: settings, JVM options, transport module, data, logs
    node        the process: `python -m pipeline.local_elasticsearch.node FOLDER`
    process     starts, recognises and ends such processes
    ports       rows of ports, or free ones
    records     what the folder of a cluster says of earlier runs
    health      asks a node how its cluster is
    cluster     one to three nodes as one: `LocalCluster`
"""
