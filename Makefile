# 晴雨 (qingyu). `make` lists what there is; two commands of the README do all set-up: make run, make test.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
DEMO ?= var/demo
DATA ?= ../shared/data
PYTEST_ARGS ?=
JOBS ?= 2
NODES ?= 1
PORT ?= 9200
HEAP ?= 512
PGPORT ?= 5433

.DEFAULT_GOAL := help
.PHONY: help install install-dev system run demo test lint format bench bench-ui model eval docs golden screenshots lock clean es-up es-down es-status pg-up pg-down

help:  ## 列出全部目标 (this list)
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新 / Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "缺少 venv：apt-get install python3-venv / install python3-venv first"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.lock pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --require-hashes --no-deps -r requirements/run.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.run
	$(PIP) install --quiet --require-hashes --no-deps -r requirements/dev.lock
	@touch $@

$(VENV)/.elasticsearch: requirements/elasticsearch.lock $(VENV)/.run
	$(PIP) install --quiet --require-hashes --no-deps -r requirements/elasticsearch.lock
	@touch $@

install: $(VENV)/.run  ## 装好运行所需 (what running needs, into .venv)

install-dev: $(VENV)/.dev  ## 装好测试与检查所需 (what tests and lint need)

system:  ## 装好测试所需的浏览器与字体 (Chromium and CJK fonts from Debian, where absent)
	@bash tests/system_packages.sh

run: install  ## 演示：采集本机的示例县城，处理，打开看板 (demo town, crawled, processed, shown)
	$(BIN)/qingyu demo --folder $(DEMO)

demo: install  ## 同 run，但只采集与处理，不开看板 (as run, without the dashboard)
	$(BIN)/qingyu demo --folder $(DEMO) --no-dashboard

test: install-dev system  ## 全部测试，JOBS=2 个进程并行 (all tests on two processes, a real browser included)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

es-up: $(VENV)/.elasticsearch  ## 启动真正的 Elasticsearch，不用 Docker 与 Java：NODES=1…3 PORT=9200 HEAP=512 (real nodes, data in var/elasticsearch)
	$(BIN)/python -m pipeline.local_elasticsearch up --nodes $(NODES) --port $(PORT) --heap $(HEAP)

es-down: $(VENV)/.elasticsearch  ## 停止 es-up 启动的节点，数据保留 (stop them; data stays)
	$(BIN)/python -m pipeline.local_elasticsearch down

es-status: $(VENV)/.elasticsearch  ## 各节点是否在运行、是否健康 (whether they run, and how they are)
	$(BIN)/python -m pipeline.local_elasticsearch status

pg-up: $(VENV)/.postgres  ## 启动本机自用的 PostgreSQL：PGPORT=5433 (a PostgreSQL of one's own, data in var/postgres)
	$(BIN)/python -m pipeline.local_postgres up --port $(PGPORT)

pg-down: $(VENV)/.postgres  ## 停止它，数据保留 (stop it; data stays)
	$(BIN)/python -m pipeline.local_postgres down --port $(PGPORT)

$(VENV)/.postgres: requirements/postgres.lock $(VENV)/.run
	$(PIP) install --quiet --require-hashes --no-deps -r requirements/postgres.lock
	@touch $@


lint: install-dev  ## ruff、mypy --strict、import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-dev  ## 整理代码格式 (ruff format and fixes)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-ui: install-dev system  ## 看板的速度：500,000 条，真的浏览器 (the dashboard over 500,000 posts, in a real browser)
	$(BIN)/python -m bench.ui

bench: install-dev  ## 速度：处理、检索、采集、语言 (speed against peers in the same run)
	$(BIN)/python -m bench.nlp
	$(BIN)/python -m bench.everything
	$(BIN)/python -m bench.process
	$(BIN)/python -m bench.search
	$(BIN)/python -m bench.crawl
	$(BIN)/python -m bench.bursts
	$(BIN)/python -m bench.events
	$(BIN)/python -m bench.briefs

model: install-dev  ## 重新训练全部模型 DATA=目录 LABELS=文件 (train all artefacts; LABELS: what qingyu labels export wrote)
	$(BIN)/python -m nlp.document_frequency --data $(DATA)
	$(BIN)/python -m nlp.train --data $(DATA) $(if $(LABELS),--labels $(LABELS))
	$(BIN)/python -m nlp.train_matters --data $(DATA) $(if $(LABELS),--labels $(LABELS))
	$(BIN)/python -m nlp.drift --data $(DATA)

eval: install-dev  ## 评测：难句、脱敏、转载、标注一致 (challenge set, redaction, copies, agreement)
	$(BIN)/qingyu evaluate sentiment tests/nlp/challenge.jsonl
	$(BIN)/python -m nlp.redact_report
	$(BIN)/python -m nlp.copies_report --data $(DATA)
	$(BIN)/python -m nlp.agreement

docs: install  ## 由命令与设置生成参考页 (reference pages from the commands and settings)
	$(BIN)/python -m pipeline.reference docs/reference

screenshots: install-dev system  ## 更新 docs/images 里的界面图 (screenshots of the pages)
	SCREENSHOTS=1 $(BIN)/python -m pytest tests/browser

lock: install-dev  ## 重新锁定依赖 (pin dependencies anew)
	$(BIN)/pip-compile --quiet --upgrade --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --generate-hashes --allow-unsafe --strip-extras --no-header --output-file requirements/run.lock pyproject.toml requirements/build.in
	$(BIN)/pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --generate-hashes --allow-unsafe --strip-extras --no-header --extra dev --extra test --extra postgres --extra local-elasticsearch --constraint requirements/run.lock --output-file requirements/dev.lock pyproject.toml requirements/build.in
	$(BIN)/pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --generate-hashes --allow-unsafe --strip-extras --no-header --extra local-elasticsearch --constraint requirements/run.lock --output-file requirements/elasticsearch.lock pyproject.toml requirements/build.in
	$(BIN)/pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --generate-hashes --allow-unsafe --strip-extras --no-header --extra postgres --constraint requirements/run.lock --output-file requirements/postgres.lock pyproject.toml requirements/build.in

clean:  ## 删去环境与缓存，不动数据 (remove the environment and caches; data stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
