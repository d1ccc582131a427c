export { HttpDoor, type HttpPage } from './http-door.ts';
