"""Writes tensorboard_events.bin, the bytes that TensorBoardWriterTest expects.

The events are made and framed by TensorBoard's own classes. Recorded with tensorboard 2.21.0, protobuf 7.36.2.
Run in this folder: python tensorboard_events.py
"""
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

TIME = 1_700_000_000.25


def scalar(tag, step, value):
    return Event(wall_time=TIME, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))


with open("tensorboard_events.bin", "wb") as file:
    writer = RecordWriter(file)
    for event in [
        Event(wall_time=TIME, file_version="brain.Event:2"),
        scalar("loss/train", 0, 4.25),
        scalar("loss/train", 1, 0.0),
        scalar("loss/train", 300, 1 / 3),
        Event(wall_time=TIME, step=200, session_log=SessionLog(status=SessionLog.START)),
        scalar("loss/Prüfung " + "long " * 60, 1 << 40, -1e-30),
        scalar("loss/train", 301, float("inf")),
    ]:
        writer.write(event.SerializeToString())
    writer.flush()
