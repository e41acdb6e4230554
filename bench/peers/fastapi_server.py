"""A FastAPI handler that returns one object. usage: fastapi_server.py PORT FILE"""
import json
import sys

import fastapi
import uvicorn

with open(sys.argv[2], encoding="utf-8") as file:
    JOB = json.load(file)
app = fastapi.FastAPI()


@app.get("/api/jobs/{job_id}")
async def get_job(job_id: str):
    return JOB


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
